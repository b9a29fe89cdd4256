// Opens a window of the wallet's own for each question, and passes its answer on.
const waiting = new Map();

chrome.runtime.onMessage.addListener((message, { url }, answer) => {
  const isOwn = url?.startsWith(chrome.runtime.getURL(''));
  if (isOwn && message.answerTo) {
    waiting.get(message.answerTo)?.(message);
    waiting.delete(message.answerTo);
    return false;
  }
  if (isOwn) return false;
  const id = crypto.randomUUID();
  waiting.set(id, ({ result, error }) => answer({ result, error }));
  chrome.storage.session.set({ [id]: message }).then(() => chrome.tabs.create({ url: `confirm.html#${id}` }));
  return true;
});

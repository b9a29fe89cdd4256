// Between the page and the wallet: the page cannot reach the extension otherwise.
window.addEventListener('message', async ({ source, data }) => {
  if (source !== window || data?.to !== 'wallet') return;
  const { id, method, param } = data;
  const answer = await chrome.runtime.sendMessage({ method, param }).catch((error) => ({ error: error.message }));
  window.postMessage({ to: 'page', id, ...answer }, location.origin);
});

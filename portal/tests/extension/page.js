// In the page's own world: what wallets put there by convention. It holds no key.
let next = 1;
const waiting = new Map();

window.addEventListener('message', ({ source, data }) => {
  if (source !== window || data?.to !== 'page') return;
  const { resolve, reject } = waiting.get(data.id) ?? {};
  waiting.delete(data.id);
  if (data.error) reject?.(new Error(data.error));
  else resolve?.(data.result);
});

const ask = (method, param) => new Promise((resolve, reject) => {
  waiting.set(next, { resolve, reject });
  window.postMessage({ to: 'wallet', id: next, method, param }, location.origin);
  next += 1;
});

window.injectedWeb3 = {
  ...window.injectedWeb3,
  'extension-wallet': {
    version: '1.0.0',
    enable: async () => {
      const accounts = await ask('accounts');
      return {
        accounts: { get: async () => accounts, subscribe: (tell) => { tell(accounts); return () => undefined; } },
        signer: { signPayload: (payload) => ask('sign', payload), signRaw: () => Promise.reject(new Error('Rejected')) },
      };
    },
  },
};

// Pages by the part of the address after `#`, which no server sees.

class Router {
  path = $state(location.hash.slice(1) || '/');

  constructor() {
    window.addEventListener('hashchange', () => {
      this.path = location.hash.slice(1) || '/';
      // Whoever listens instead of looking hears of the new page.
      requestAnimationFrame(() => document.querySelector<HTMLElement>('main h1')?.focus());
    });
  }

  /** The number in `/r/NUMBER`; nothing on other pages. */
  get record(): bigint | null {
    const digits = /^\/r\/(\d{1,20})$/.exec(this.path)?.[1];
    return digits === undefined ? null : BigInt(digits);
  }

  /** The code in `/verify/CODE`, the text of a report's QR code; nothing on other pages. */
  get code(): string | null {
    return /^\/verify\/(.+)$/.exec(this.path)?.[1] ?? null;
  }

  go(path: string): void {
    location.hash = path;
  }
}

export const router = new Router();

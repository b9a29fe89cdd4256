// Our own Rust, for what would keep the page waiting: in a worker of the browser.
import { i18n } from '../i18n/index.svelte';
import type { Answer, Asked } from './network.worker';

declare const WORKER_URL: string;

/** What browsers with Trusted Types have. */
interface Policies {
  createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
}

let address: string | undefined;

/** The address of the one script that may run beside the page, as this browser takes it. */
function script(): string {
  const { trustedTypes } = globalThis as unknown as { trustedTypes?: Policies };
  // The server's policy knows this name, and takes it once.
  address ??= trustedTypes?.createPolicy('medchain-worker', {
    createScriptURL(url) {
      if (url !== WORKER_URL) throw new TypeError('this page starts no other script');
      return url;
    },
  }).createScriptURL(WORKER_URL) ?? WORKER_URL;
  return address;
}

interface Waiting { resolve: (found: Uint32Array | null) => void; reject: (error: Error) => void }

/** A worker that answers one question after the other. */
export class Apart {
  readonly #worker = new Worker(script(), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #isOver = false;

  constructor() {
    this.#worker.onmessage = ({ data: { number, found, problem } }: MessageEvent<Answer>) => {
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (problem) waiting?.reject(new Error(problem));
      else waiting?.resolve(found);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.end(event.message || i18n.t.preview.notStarted);
    };
  }

  /** Asks; what is named in `given` is the worker's afterwards. */
  ask(asked: Asked, given: Transferable[] = []): Promise<Uint32Array | null> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) throw new Error(i18n.t.preview.none);
      const number = this.#next;
      this.#next += 1;
      this.#waiting.set(number, { resolve, reject });
      this.#worker.postMessage({ number, asked }, given);
    });
  }

  /** Ends it, with its memory. */
  end(why: string): void {
    this.#isOver = true;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }
}

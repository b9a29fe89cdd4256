// Runs a network apart from the page, which stays usable meanwhile. Its memory ends with it.
import init, { Network } from '#core';

declare const CORE_URL: string;

/** The first that is asked: to make a network ready. What it is comes from the chain. */
export interface Begin { onnx: Uint8Array; sha256: Uint8Array; preprocessing: string; classes: number }

/** Then, what it says of a film; the answer is the label and the parts per million of each class. */
export interface Film { film: Uint8Array }

export type Asked = Begin | Film;

/** What the page hears: the number of the question, and the answer or why there is none. */
export interface Answer { number: number; found: Uint32Array | null; problem: string }

let network: Promise<Network> | undefined;

async function ready({ onnx, sha256, preprocessing, classes }: Begin): Promise<Network> {
  await init({ module_or_path: CORE_URL });
  return new Network(onnx, sha256, preprocessing, classes);
}

async function answer(asked: Asked): Promise<Uint32Array | null> {
  if ('onnx' in asked) {
    network = ready(asked);
    await network;
    return null;
  }
  if (!network) throw new Error('no network was named');
  return (await network).predict(asked.film);
}

self.onmessage = ({ data }: MessageEvent<{ number: number; asked: Asked }>) => {
  const say = (found: Uint32Array | null, problem: string): void => {
    const said: Answer = { number: data.number, found, problem };
    self.postMessage(said);
  };
  answer(data.asked).then(
    (found) => say(found, ''),
    (error: unknown) => say(null, error instanceof Error ? error.message : String(error)),
  );
};

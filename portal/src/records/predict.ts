// What a model says of a film before it is uploaded: a preview, computed in this browser by the
// kernels of the workers. The model's file is fetched once, and every block of it verified.
import { fromHex } from '../chain/client.svelte';
import { Apart } from '../core/apart';
import { i18n } from '../i18n/index.svelte';
import { get } from '../store/blocks';
import { openedOf, type Opened } from './open';
import { asText, type Model } from './read';

/** The largest model that is fetched: ready to run, it takes several times its size. */
const MAX_MODEL = 64 * 1024 * 1024;

/** A model that runs, or is on its way here, and who hears how far it is. */
interface Running { model: number; apart: Promise<Apart>; hear: ((part: number) => void)[] }

let running: Running | null = null;

/** Whether a preview of the model is possible: of an exact one alone it is what a worker says. */
export const canPreview = ({ isExact }: Model): boolean => isExact;

/** What the model says of a film; `progress` hears which part of the model's file is there. */
export async function predict(model: Model, film: Uint8Array, progress: (part: number) => void): Promise<Opened> {
  if (running?.model !== model.id) {
    endPreviews();
    const hear = [progress];
    const begun: Running = {
      model: model.id, hear, apart: begin(model, (part) => { for (const one of hear) one(part); }, () => running === begun),
    };
    running = begun;
    begun.apart.catch(() => {
      // The next one may be luckier.
      if (running === begun) running = null;
    });
  }
  const mine = running!;
  if (!mine.hear.includes(progress)) mine.hear.push(progress);
  const apart = await mine.apart;
  try {
    const found = await apart.ask({ film });
    if (!found) throw new Error(i18n.t.preview.none);
    return openedOf(found, model);
  } catch (error) {
    // A module that failed in the middle of something is not asked again.
    if (running === mine) endPreviews();
    throw error;
  }
}

async function begin(model: Model, progress: (part: number) => void, isWanted: () => boolean): Promise<Apart> {
  const onnx = await get(model.cid, MAX_MODEL, progress);
  if (!isWanted()) throw new Error(i18n.t.preview.none);
  const apart = new Apart();
  try {
    const { sha256, preprocessing, labels } = model;
    await apart.ask({ onnx, sha256: fromHex(sha256), preprocessing: asText(preprocessing), classes: labels.length }, [onnx.buffer as ArrayBuffer]);
    if (!isWanted()) throw new Error(i18n.t.preview.none);
    return apart;
  } catch (error) {
    apart.end(i18n.t.preview.none);
    throw error;
  }
}

/** Whether the network says of a film what a verdict says, to the last digit. */
export async function repeats(model: Model, film: Uint8Array, { label, inOrder }: Opened): Promise<boolean> {
  const again = await predict(model, film, () => undefined);
  return again.label === label && again.inOrder.length === inOrder.length
    && again.inOrder.every(({ probability }, index) => probability === inOrder[index]?.probability);
}

/** Ends what runs: with the page that asked, films and network leave the memory. */
export function endPreviews(): void {
  const ended = running;
  running = null;
  ended?.apart.then((apart) => apart.end(i18n.t.preview.none), () => undefined);
}

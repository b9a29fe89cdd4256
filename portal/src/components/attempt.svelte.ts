// What a form does: one thing at a time, and what fails is said.
import { NotSigned, notices } from '../chain/submit.svelte';

export class Attempt {
  isWorking = $state(false);

  /** Does something; `after` follows where it worked. */
  async run(title: string, work: () => Promise<unknown>, after?: () => unknown): Promise<void> {
    this.isWorking = true;
    try {
      await work();
      await after?.();
    } catch (error) {
      if (!(error instanceof NotSigned)) notices.failed(title, error);
    } finally {
      this.isWorking = false;
    }
  }
}

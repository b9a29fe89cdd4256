// From a call to a block: what it does in plain words, the wallet, the stages, the result.
import { InvalidTxError, type PolkadotSigner, type TxEventsPayload, type Transaction } from 'polkadot-api';

import { i18n } from '../i18n/index.svelte';
import { BEST, chain } from './client.svelte';
import { explain, sentence } from './errors';

/** What is shown before the wallet opens. */
export interface Question {
  title: string;
  /** What the call does, a sentence each. */
  lines: string[];
  call: string;
  fee: bigint;
  /** What is held from the signer, and when it comes back. */
  held: bigint;
  back: string;
  /** What is paid besides the fee. */
  paid: bigint;
  free: bigint;
  answer: (yes: boolean) => void;
}

export type Stage = 'wallet' | 'signed' | 'broadcast' | 'inBlock' | 'final' | 'failed' | 'rejected';

/** Those after which something comes still. */
const RUNNING: Notice['stage'][] = ['wallet', 'signed', 'broadcast', 'inBlock'];

/** A line about something that happens. */
export interface Notice { id: number; title: string; stage: Stage | 'done' | 'error'; detail: string }

class Notices {
  all = $state<Notice[]>([]);
  question = $state<Question | null>(null);
  #next = 1;

  /** Adds a line; the function that is returned changes it. */
  add(title: string, stage: Notice['stage'], detail = ''): (stage: Notice['stage'], detail?: string) => void {
    const id = this.#next++;
    this.all.push({ id, title, stage, detail });
    if (stage === 'done') setTimeout(() => this.close(id), 8000);
    return (stage, detail = '') => {
      const notice = this.all.find((one) => one.id === id);
      if (!notice) return;
      notice.stage = stage;
      notice.detail = detail;
      if (stage === 'final') setTimeout(() => this.close(id), 8000);
    };
  }

  /** Says what failed. */
  failed(title: string, error: unknown): void {
    if (error instanceof NotSigned || (isObject(error) && told.has(error))) return;
    this.add(title, 'error', sentence(error));
  }

  close(id: number): void {
    this.all = this.all.filter((one) => one.id !== id);
  }

  /** Whoever was asked has gone: nothing new is signed, and what is over is nobody else's business. */
  leave(): void {
    this.question?.answer(false);
    this.all = this.all.filter(({ stage }) => RUNNING.includes(stage));
  }

  ask(question: Omit<Question, 'answer'>): Promise<boolean> {
    return new Promise((resolve) => {
      this.question = {
        ...question,
        answer: (yes) => {
          this.question = null;
          resolve(yes);
        },
      };
    });
  }
}

export const notices = new Notices();

/** Errors that a line about their transaction has told already. */
const told = new WeakSet<object>();
const isObject = (error: unknown): error is object => typeof error === 'object' && error !== null;

/** The user did not sign: nothing was sent, and nothing is wrong. */
export class NotSigned extends Error {}

/** A call that the chain refused. */
export class Refused extends Error {
  constructor(readonly pallet: string, readonly error: string, docs: string) {
    super(docs ? `${docs} (${pallet}.${error})` : `${pallet}.${error}`);
  }
}

/** A call with what must be known of it before it is signed. */
export interface Order {
  title: string;
  lines: string[];
  call: string;
  transaction: Transaction;
  held?: bigint;
  /** When the deposit comes back, where that is not once what it pays for is removed. */
  back?: string;
  paid?: bigint;
  /** Done after the wallet has signed and before anything is sent; a rejection leaves nothing. */
  before?: (signed: Signed) => Promise<void>;
  /** Done once the call is in a final block, in which it succeeded. */
  final?: () => Promise<void>;
}

/** A signed transaction: sent twice, it has its effect once. */
export interface Signed {
  transaction: Uint8Array;
  nonce: number;
  /** After this block, no block takes it. */
  until: number;
}

/** The result of a call that is in a block. */
export type Outcome = TxEventsPayload;

/** How long a signed call is good for, in blocks: a large film is stored between wallet and chain. */
const MORTALITY = { mortal: true, period: 256 } as const;

/** Whoever signs, and what they can spend. */
export interface Payer { address: string; signer: PolkadotSigner; spendable: () => Promise<bigint> }

/**
 * Asks, signs, sends and follows a call; returns once it is in a block.
 *
 * Nothing is stored or sent before the user has agreed to what it costs, here and in the wallet.
 */
export async function submit(payer: Payer, order: Order): Promise<Outcome> {
  const { title, transaction, held = 0n, paid = 0n } = order;
  await chain.watch(true);
  if (chain.isUpgraded) throw new Error(i18n.t.app.upgraded);
  const [fee, free] = await Promise.all([
    transaction.getEstimatedFees(payer.address), payer.spendable(),
  ]);
  const agreed = await notices.ask({
    title, lines: order.lines, call: order.call, fee, held, back: order.back ?? i18n.t.tx.heldNote, paid, free,
  });
  if (!agreed) throw new NotSigned();
  const say = notices.add(title, 'wallet');
  const failed = (error: unknown): unknown => {
    say('failed', sentence(error));
    if (isObject(error)) told.add(error);
    return error;
  };
  // Signed for the last final block, with the newest nonce.
  const [{ nonce }, { number }] = await Promise.all([
    chain.api.query.System.Account.getValue(payer.address, BEST), chain.client.getFinalizedBlock(),
  ]);
  const signed = await transaction.sign(payer.signer, { mortality: MORTALITY, nonce }).catch((error: unknown) => {
    if (!isRejection(error)) throw failed(error);
    say('rejected');
    throw new NotSigned();
  });
  say('signed');
  await order.before?.({ transaction: signed, nonce, until: number + MORTALITY.period })
    .catch((error: unknown) => { throw failed(error); });
  return follow(signed, say, order.final);
}

type Say = ReturnType<Notices['add']>;

/** Sends a signed call and follows it; returns once it is in a block. */
export function follow(signed: Uint8Array, say: Say, final?: () => Promise<void>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const settle = async (result: TxEventsPayload, stage: 'inBlock' | 'final') => {
      if (result.ok) {
        say(stage, i18n.t.tx.block(result.block.number));
        // What it tidies up is tidied later, where this fails.
        if (stage === 'final') await final?.().catch(() => undefined);
        if (!isDone) resolve(result);
        isDone = true;
        return;
      }
      const wasDone = isDone;
      isDone = true;
      const { pallet, name, docs } = await explain(failureIn(result));
      const refused = new Refused(pallet, name, docs);
      say('failed', refused.message);
      told.add(refused);
      if (!wasDone) reject(refused);
    };
    chain.client.submitAndWatch(signed).subscribe({
      next: (event) => {
        if (event.type === 'broadcasted') say('broadcast');
        else if (event.type === 'txBestBlocksState' && event.found) void settle(event, 'inBlock');
        else if (event.type === 'finalized') void settle(event, 'final');
      },
      error: (error: unknown) => {
        say('failed', sentence(error));
        if (isObject(error)) told.add(error);
        reject(error);
      },
    });
  });
}

function failureIn(result: TxEventsPayload): unknown {
  return 'dispatchError' in result ? result.dispatchError : undefined;
}

/** Wallets say in their own words that the user declined. */
function isRejection(error: unknown): boolean {
  return !(error instanceof InvalidTxError) && /cancel|reject|declin|denied/i.test(sentence(error));
}

/** The value of the first event of this kind. */
export function eventOf(outcome: Outcome, pallet: string, name: string): unknown {
  type Flat = { type: string; value: { type: string; value: unknown } };
  const found = (outcome.events as unknown as Flat[])
    .find((event) => event.type === pallet && event.value.type === name);
  return found?.value.value;
}

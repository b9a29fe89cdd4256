// Reports on paper: what the chain and the reader's key say of a verdict, gathered here and drawn
// by our own Rust; and a page that somebody shows, compared with them. The same steps as in
// `cli/src/report/` and `cli/src/commands/verify_report.rs`.
import type { Film, Key } from '../core';
import { core } from '../core';
import { sentence } from '../chain/errors';
import { chain, toHex } from '../chain/client.svelte';
import { i18n } from '../i18n/index.svelte';
import { session } from '../keys/session.svelte';
import { get } from '../store/blocks';
import { contentOf, counts, keyOf, openVerdict } from './open';
import { asText, documentOf, recordOf, verdictOf, type Model, type Verdict } from './read';

/** The largest model card that is read. */
const MAX_CARD = 1024 * 1024;
const NO_SALT = `0x${'00'.repeat(32)}`;

/** A block of which the state is read. */
interface Block { number: number; hash: string }

/** The values of a report, as `medchain-report` has them in JSON. */
export interface Values {
  genesis: string;
  block: Block & { time: number };
  record: {
    id: number; patient: string; patient_name: string | null; author: string; added_at: number;
    cid: string; digest: string; superseded_by: number | null;
  };
  outcome: { state: string } & { [name: string]: unknown };
  model: {
    id: number; name: string; version: string; sha256: string; threshold: number; card: unknown;
  } | null;
  request: {
    id: number; requester: string; workers: string[]; reached_at: number | null; receipt: string | null;
  } | null;
  salt: string;
}

/** What comparing one value came to. */
export interface Check { what: string; finding: 'agrees' | 'differs' | 'not_compared'; detail: string }

/** A film that was opened, and its record's key. Whoever takes it frees both. */
interface Opening { film: Film; key: Key }

async function open(record: bigint): Promise<Opening> {
  const found = await recordOf(record);
  if (!found) throw new Error(i18n.t.record.missing);
  const { Film } = await core();
  const film = new Film(await contentOf(found));
  try {
    return { film, key: await keyOf(found) };
  } catch (error) {
    film.free();
    throw error;
  }
}

function free({ film, key }: Opening): void {
  film.free();
  key.free();
}

/**
 * The report on a record, as a PDF: in the state of the last final block. On a verdict, on a request
 * that is open or ended without one; on none, where nobody has ordered a prediction.
 */
export async function draw(record: bigint, request: bigint | null): Promise<Uint8Array> {
  const { drawReport } = await core();
  const { number, hash } = await chain.client.getFinalizedBlock();
  const opening = await open(record);
  try {
    const values = await gather({ number, hash }, hash, record, request, opening.key);
    return drawReport(JSON.stringify(values), opening.film);
  } finally {
    free(opening);
  }
}

/** The record was erased, so that the chain does not know its film any more. */
class Forgotten extends Error {}

/**
 * What a report says in the state of the block `at`; `block` is the one that is reported. Without a
 * key, a verdict stays sealed.
 */
async function gather(block: Block, at: string, id: bigint, request: bigint | null, key: Key | null): Promise<Values> {
  const { query } = chain.api;
  const [record, time] = await Promise.all([query.Emr.Records.getValue(id, { at }), query.Timestamp.Now.getValue({ at })]);
  const { t } = i18n;
  if (!record) throw new Error(t.report.notThere(block.number));
  if (record.kind.type !== 'ChestXray') throw new Error(t.record.notAnImage);
  const document = documentOf(record);
  if (!document) throw new Forgotten(t.record.erased);
  return {
    genesis: toHex(await chain.genesis),
    block: { number: block.number, hash: block.hash, time: Number(time) },
    record: {
      id: Number(id), patient: record.patient, patient_name: null, author: record.author,
      added_at: record.added_at, ...document,
      superseded_by: record.status.type === 'Superseded' ? Number(record.status.value.by) : null,
    },
    ...(request === null ? NOTHING : await ordered(block.number, at, id, request, key)),
    salt: key ? key.reportSalt() : NO_SALT,
  };
}

/** Of a record for which nobody has ordered a prediction. */
const NOTHING = { outcome: { state: 'not_ordered' }, model: null, request: null };

/** What came of a request, as of the block `now`. */
async function ordered(
  now: number, at: string, id: bigint, request: bigint, key: Key | null,
): Promise<Pick<Values, 'outcome' | 'model' | 'request'>> {
  const { query } = chain.api;
  const { t } = i18n;
  const [verdict, asked, committee] = await Promise.all([
    query.Inference.Verdicts.getValue(request, { at }), query.Inference.Requests.getValue(request, { at }),
    query.Inference.Committees.getValue(request, { at }),
  ]);
  if (!asked) throw new Error(t.report.notThere(now));
  if (asked.record !== id) throw new Error(t.report.otherRecord);
  const stored = await query.Inference.Models.getValue(asked.model, { at });
  if (!stored) throw new Error(t.report.notThere(now));
  const labels = stored.labels.map(asText);
  return {
    outcome: verdict
      ? await outcomeOf(verdictOf(request, verdict), { labels, threshold: stored.confidence_threshold }, now, key)
      : await without(request, asked),
    model: {
      id: asked.model, name: asText(stored.name), version: asText(stored.version), sha256: stored.sha256,
      threshold: stored.confidence_threshold, card: stored.card ? await cardOf(asText(stored.card), labels) : null,
    },
    request: {
      id: Number(request), requester: asked.requester, workers: verdict?.workers ?? committee?.members.map(({ worker }) => worker) ?? [],
      reached_at: verdict?.reached_at ?? null, receipt: verdict?.receipt ?? null,
    },
  };
}

type StoredRequest = NonNullable<Awaited<ReturnType<typeof chain.api.query.Inference.Requests.getValue>>>;

/** What a request is until its workers have answered. */
const OPEN = ['Drawing', 'Sealing', 'Committing', 'Revealing'];

/** What came of a request that has no verdict, in the words of the command line. */
async function without(request: bigint, { status, deadline: until }: Pick<StoredRequest, 'status' | 'deadline'>): Promise<Values['outcome']> {
  if (status.type === 'Disputed') return { state: 'disputed', until };
  if (OPEN.includes(status.type)) return { state: 'pending', step: status.type.toLowerCase(), until };
  const { requestEnded } = await core();
  const cause = status.type === 'Failed' ? status.value.cause : undefined;
  const reported = cause?.type === 'Reported' ? cause.value.type : '';
  const outcome = requestEnded(request, status.type, cause?.type ?? '', reported);
  if (outcome === undefined) throw new Error(i18n.t.report.why.noVerdict);
  return JSON.parse(outcome) as Values['outcome'];
}

/** What a verdict says as of the block `now`. */
async function outcomeOf(verdict: Verdict, model: Pick<Model, 'labels' | 'threshold'>, now: number, key: Key | null): Promise<Values['outcome']> {
  if (!counts(verdict)) return { state: verdict.status.toLowerCase() };
  if (!key) return { state: 'sealed' };
  try {
    const { label, inOrder } = await openVerdict(key, verdict, model);
    const isOpen = verdict.status === 'Standing' && now <= verdict.challengeableUntil;
    return {
      state: 'verdict',
      label,
      probabilities: inOrder,
      provisional_until: isOpen && verdict.workers.length === 1 ? verdict.challengeableUntil : null,
      challengeable_until: isOpen ? verdict.challengeableUntil : null,
      challenged: verdict.status === 'Challenged',
    };
  } catch {
    return { state: 'unreadable' };
  }
}

/** The main numbers of a model's card, as `medchain-report` has them in JSON. */
export interface Card { cid: string; measured_on: string; measures: { name: string; value: string; interval: string | null }[] }

/** The numbers of a model's card; nothing where the store does not have it. */
export async function cardOf(cid: string, labels: string[]): Promise<Card | null> {
  try {
    const { cardNumbers } = await core();
    const numbers = cardNumbers(cid, asText(await get(cid, MAX_CARD)), JSON.stringify(labels));
    return numbers === undefined ? null : JSON.parse(numbers) as Card;
  } catch {
    return null;
  }
}

/** What comparing a report with the chain came to. */
export interface Verified {
  record: bigint;
  checks: Check[];
  /** Of a code without its page: what the paper must show, where that could be computed. */
  expected: Check[] | null;
}

/** What a report claims, on its page or in its code. */
interface Claim {
  genesis: string;
  block: Block;
  record: bigint;
  request: bigint | null;
  /** What the page says; nothing where there is its code alone. */
  page: Values | null;
  /** Compares it with the chain's values. */
  compare: (values: Values, film: Film | null, isThen: boolean) => Pick<Verified, 'checks' | 'expected'>;
}

/** A report's PDF beside the chain, value by value. */
export async function verify(pdf: Uint8Array): Promise<Verified> {
  const { Shown } = await core();
  const shown = new Shown(pdf);
  try {
    const page = JSON.parse(shown.claims) as Values;
    const { genesis, block, request } = page;
    const { what, why } = i18n.t.report;
    const drawn = [
      check(what.drawn, shown.isAsDrawn, why.drawn, why.changed),
      check(what.code, shown.hasItsCode, why.itsCode, why.otherCode),
    ];
    const found = await besideChain({
      genesis, block, page, record: BigInt(page.record.id), request: request && BigInt(request.id),
      compare: (values, film, isThen) => {
        if (!isThen) values.block.time = block.time;
        const json = JSON.stringify(values);
        const compared = film ? shown.compareOpened(json, film) : shown.compareSealed(json);
        return { checks: JSON.parse(compared) as Check[], expected: null };
      },
    });
    return { ...found, checks: [...drawn, ...found.checks] };
  } finally {
    shown.free();
  }
}

/** The text of a report's code beside the chain; `name` is the patient's, where the paper shows one. */
export async function verifyCode(text: string, name: string): Promise<Verified> {
  const { Scanned } = await core();
  const scanned = new Scanned(text);
  try {
    const { genesis, block, record, request } = JSON.parse(scanned.claims) as {
      genesis: string; block: Block; record: number; request: number | null;
    };
    return await besideChain({
      genesis, block, page: null, record: BigInt(record), request: request === null ? null : BigInt(request),
      compare: (values, film, isThen) => {
        const json = JSON.stringify(values);
        const compared = film ? scanned.compareOpened(json, film, name, isThen) : scanned.compareSealed(json, name, isThen);
        return JSON.parse(compared) as Pick<Verified, 'checks' | 'expected'>;
      },
    });
  } finally {
    scanned.free();
  }
}

async function besideChain(claim: Claim): Promise<Verified> {
  const { record, block } = claim;
  const { what, why } = i18n.t.report;
  const genesis = toHex(await chain.genesis);
  const checks: Check[] = [check(what.chain, claim.genesis === genesis, genesis, why.otherChain)];
  if (claim.genesis !== genesis) return { record, checks: [...checks, unknown(what.rest, why.otherChain)], expected: null };
  const hash = await chain.client._request<string | null>('chain_getBlockHash', [block.number]);
  checks.push(check(what.block(block.number), hash === block.hash, block.hash, why.otherBlock));
  const found = await beside(claim, hash === block.hash);
  checks.push(...await today(claim, claim.page?.outcome ?? found.outcome), ...found.checks);
  return { record, checks, expected: found.expected };
}

function check(what: string, agrees: boolean, yes: string, no: string): Check {
  return { what, finding: agrees ? 'agrees' : 'differs', detail: agrees ? yes : no };
}

const unknown = (what: string, detail: string): Check => ({ what, finding: 'not_compared', detail });

/** Whether the record is still there, and what the verdict is worth today; nothing of it where nobody knows what it was then. */
async function today({ record, request, block }: Claim, outcome: Values['outcome'] | null): Promise<Check[]> {
  const { what, why } = i18n.t.report;
  const { hash: at, number } = await chain.client.getFinalizedBlock();
  const [now, verdict] = await Promise.all([
    chain.api.query.Emr.Records.getValue(record, { at }),
    request === null ? undefined : chain.api.query.Inference.Verdicts.getValue(request, { at }),
  ]);
  const checks: Check[] = [];
  if (!now) return [check(what.record, false, '', i18n.t.record.missing)];
  if (now.status.type === 'Erased') checks.push(check(what.record, false, '', i18n.t.record.erased));
  if (!verdict || !outcome) return checks;
  // A request that was open then: what is on the page was so, and is no more.
  if (['pending', 'disputed'].includes(outcome.state)) return [...checks, unknown(what.today, why.answered)];
  const status = verdict.status.type;
  const words = i18n.t.verdict.statuses[status];
  const isSame = statusesOf(outcome).includes(status);
  return [...checks, check(what.today, isSame, why.asThen(words, number, block.number), why.notAsThen(words, number, block.number))];
}

/** What a verdict's status was, by what the page says of it. */
function statusesOf({ state, challenged }: Values['outcome']): Verdict['status'][] {
  if (state === 'annulled') return ['Annulled'];
  if (state === 'withdrawn') return ['Withdrawn'];
  if (state === 'verdict') return [challenged === true ? 'Challenged' : 'Standing'];
  return ['Standing', 'Challenged'];
}

/** Whether the node has the state of a block. */
async function has(at: string): Promise<boolean> {
  try {
    return await chain.api.query.Timestamp.Now.getValue({ at }) > 0n;
  } catch {
    return false;
  }
}

/** What is claimed beside the values of the chain, in the state that the report is about; and what came of the request in it. */
async function beside(claim: Claim, isOnChain: boolean): Promise<Pick<Verified, 'checks' | 'expected'> & { outcome: Values['outcome'] | null }> {
  const { what, why } = i18n.t.report;
  const { block, record, request } = claim;
  const checks: Check[] = [];
  let opening: Opening | null = null;
  try {
    if (session.isOpen) opening = await open(record);
    else checks.push(unknown(what.sealed, why.locked));
  } catch (error) {
    checks.push(unknown(what.sealed, sentence(error)));
  }
  try {
    const key = opening?.key ?? null;
    const isThen = isOnChain && await has(block.hash);
    const newest = await chain.client.getFinalizedBlock();
    if (!isThen) checks.push(unknown(what.state, why.dropped(block.number, newest.number)));
    const values = await gather(block, isThen ? block.hash : newest.hash, record, request, key);
    const found = claim.compare(values, opening?.film ?? null, isThen);
    return { checks: [...checks, ...found.checks], expected: found.expected, outcome: isThen ? values.outcome : null };
  } catch (error) {
    // What the chain forgot is not compared. What the page claims and is not on the chain is an answer.
    const failed = error instanceof Forgotten
      ? unknown(what.rest, sentence(error)) : check(what.request, false, '', sentence(error));
    return { checks: [...checks, failed], expected: null, outcome: null };
  } finally {
    if (opening) free(opening);
  }
}

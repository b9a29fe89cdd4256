// Why the chain or a patient's policy says no, in words.
import { i18n } from '../i18n/index.svelte';

/** Why the chain says no. */
export type Denial = string;

/** A denial as the chain encodes it, as a sentence. */
export function denialOf({ type, value }: { type: string; value?: unknown }): Denial {
  const known = (name: string) => i18n.t.denied[name as keyof typeof i18n.t.denied] ?? name;
  if (type !== 'Refused' || !value) return known(type);
  const inner = value as { type: string; value?: number };
  return inner.type === 'Other' ? `${known(inner.type)} ${inner.value ?? ''}`.trim() : known(inner.type);
}

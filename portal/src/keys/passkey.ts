// A passkey as the vault's second lock: the authenticator computes a secret (WebAuthn's extension
// PRF), and a copy of the key file opens with what follows from it. Nothing here reaches a server:
// no signature of a passkey is looked at, it opens the key or it does not.
import { fromHex, toHex } from '../chain/client.svelte';
import { sentence } from '../chain/errors';
import { i18n } from '../i18n/index.svelte';

/** A passkey, and what the authenticator computes its secret from. */
export interface Made {
  /** Its identifier, as browsers write it: base64url. */
  credential: string;
  /** In hexadecimal. */
  salt: string;
}

/** A passkey that opens a key, and the key file that it opens. */
export interface Passkey extends Made { file: string }

/** What newer browsers have, and not all of them. */
interface Newer {
  getClientCapabilities?: () => Promise<{ [capability: string]: boolean | undefined }>;
  signalUnknownCredential?: (about: { rpId: string; credentialId: string }) => Promise<void>;
}
const newer = (): Newer => PublicKeyCredential as unknown as Newer;

const random = (): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(32));

/** Why this page cannot have a passkey, whatever the device: passkeys belong to a host's name. */
export function obstacle(): 'address' | 'browser' | null {
  if (/^\[|^[\d.]+$/.test(location.hostname)) return 'address';
  return 'PublicKeyCredential' in window ? null : 'browser';
}

/** This page by a name, where it is at an address of this machine. */
export function atLocalhost(): string | null {
  const { protocol, hostname, port } = location;
  if (hostname !== '127.0.0.1' && hostname !== '[::1]') return null;
  return `${protocol}//localhost${port && `:${port}`}/#/sign-in`;
}

/** Makes a passkey under a name for people; refuses where none that computes secrets can be had. */
export async function create(name: string): Promise<Made> {
  const { t } = i18n;
  const capabilities = await newer().getClientCapabilities?.().catch(() => undefined);
  if (capabilities?.['extension:prf'] === false) throw new Error(t.passkey.noPrf);
  const made = await asked(() => navigator.credentials.create({
    publicKey: {
      // Nobody checks an answer: what counts is the secret.
      challenge: random(),
      rp: { id: location.hostname, name: t.app.name },
      // Another number each time: no passkey takes the place of another.
      user: { id: random(), name, displayName: name },
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key' as const, alg })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      attestation: 'none',
      extensions: { prf: {} },
    },
  }));
  const credential = made.id;
  if (!made.getClientExtensionResults().prf?.enabled) {
    discard(credential);
    throw new Error(t.passkey.noPrf);
  }
  return { credential, salt: toHex(random()) };
}

/**
 * What opens the key file of a passkey: the authenticator asks the user, and computes it.
 *
 * `about` names the key, so that the same secret of another key opens nothing.
 */
export async function openerOf({ credential, salt }: Made, about: string): Promise<string> {
  const { t } = i18n;
  const used = await asked(() => navigator.credentials.get({
    publicKey: {
      challenge: random(),
      rpId: location.hostname,
      allowCredentials: [{ type: 'public-key', id: bytesOf(credential) }],
      userVerification: 'required',
      extensions: { prf: { eval: { first: Uint8Array.from(fromHex(salt)) } } },
    },
  }));
  const computed = used.getClientExtensionResults().prf?.results?.first;
  if (!computed) throw new Error(t.passkey.noPrf);
  const secret = ArrayBuffer.isView(computed)
    ? new Uint8Array(computed.buffer, computed.byteOffset, computed.byteLength) : new Uint8Array(computed);
  try {
    const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
    const info = Uint8Array.from(new TextEncoder().encode(`medchain/passkey/1/${about}`));
    const key = await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info }, material, 256);
    return toHex(new Uint8Array(key));
  } finally {
    secret.fill(0);
  }
}

/** Tells whoever keeps the user's passkeys that this one opens nothing; not all of them listen. */
export function discard(credential: string): void {
  // Nobody waits for it: where it fails, the passkey stays in the user's list, and opens nothing.
  void newer().signalUnknownCredential?.({ rpId: location.hostname, credentialId: credential }).catch(() => undefined);
}

/** What the browser answers about a passkey; a refusal in plain words. */
async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const { t } = i18n;
  let answer: Credential | null;
  try {
    answer = await ask();
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    // Browsers do not tell a page which of the reasons it was.
    throw new Error(name === 'NotAllowedError' || name === 'AbortError' ? t.passkey.notUsed : t.passkey.failed(sentence(error)));
  }
  if (!(answer instanceof PublicKeyCredential)) throw new Error(t.passkey.notUsed);
  return answer;
}

/** The bytes of base64url. */
const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));

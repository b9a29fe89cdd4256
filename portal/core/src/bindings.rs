//! What JavaScript sees.
//!
//! Accounts, hashes and keys are arrays of 32 bytes, and everything that the chain encodes is in
//! SCALE. Errors are sentences for people, some after their kind ([`crate::kinds`]). A handle is
//! freed with `free()`, which wipes it.

use codec::{DecodeAll, Encode};
use medchain_crypto::{ContentKey, EnvelopeName, Sealed, VerdictName};
use medchain_primitives::{
    ActionSet, Cid, EncryptionKey, ModelId, Output, PreprocessingId, PurposeSet, RecordId,
    RequestId, Role, SealedAnswer, SealedKey,
};
use wasm_bindgen::prelude::*;

use crate::{blocks, custody, kinds::marked, log, policy, preview, profile, secrets};

pub mod paper;

type Result<T> = core::result::Result<T, JsError>;

fn failed(error: impl core::fmt::Display) -> JsError {
    JsError::new(&error.to_string())
}

fn array(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| failed("32 bytes were expected"))
}

fn arrays(bytes: &[u8]) -> Result<Vec<[u8; 32]>> {
    bytes.chunks(32).map(array).collect()
}

fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// A role by its number on the chain.
fn role(number: u8) -> Result<Role> {
    Role::decode_all(&mut &[number][..]).map_err(failed)
}

fn cid(text: &str) -> Result<Cid> {
    Cid::parse(text.as_bytes()).map_err(failed)
}

fn answer(sealed: &[u8]) -> Result<SealedAnswer> {
    SealedAnswer::try_from(sealed.to_vec()).map_err(|_| failed("the verdict is longer than any"))
}

/// What an envelope is made for: chain, patient, content, reader.
#[wasm_bindgen]
pub struct Name {
    genesis: [u8; 32],
    patient: [u8; 32],
    content: Cid,
    reader: [u8; 32],
}

#[wasm_bindgen]
impl Name {
    /// The name of the envelope of a record's key, for one reader.
    #[wasm_bindgen(constructor)]
    pub fn new(genesis: &[u8], patient: &[u8], content: &str, reader: &[u8]) -> Result<Name> {
        let (genesis, patient, reader) = (array(genesis)?, array(patient)?, array(reader)?);
        Ok(Self { genesis, patient, content: cid(content)?, reader })
    }

    fn as_name(&self) -> EnvelopeName<'_> {
        let Self { genesis, patient, ref content, reader } = *self;
        EnvelopeName { genesis, patient, content: Sealed::Record(content), reader }
    }
}

/// The secret that opens envelopes.
#[wasm_bindgen]
pub struct Secret(secrets::Secret);

#[wasm_bindgen]
impl Secret {
    /// A new random secret.
    pub fn generate() -> Result<Secret> {
        secrets::Secret::generate().map(Self).map_err(failed)
    }

    /// Reads a key file of the command line or of a wallet.
    #[wasm_bindgen(js_name = fromKeyFile)]
    pub fn from_key_file(text: &str, passphrase: &str) -> Result<Secret> {
        secrets::Secret::from_key_file(text, passphrase).map(Self).map_err(failed)
    }

    /// The secret as a key file that opens with a passphrase.
    #[wasm_bindgen(js_name = toKeyFile)]
    pub fn to_key_file(&self, passphrase: &str, name: &str) -> Result<String> {
        self.0.to_key_file(passphrase, name).map_err(failed)
    }

    /// The account's public key.
    #[wasm_bindgen(getter)]
    pub fn account(&self) -> Vec<u8> {
        self.0.account().to_vec()
    }

    /// Signs for the account.
    pub fn sign(&self, payload: &[u8]) -> Result<Vec<u8>> {
        Ok(self.0.sign(payload).map_err(failed)?.to_vec())
    }

    /// The public key that others seal to, as the chain has it.
    #[wasm_bindgen(getter)]
    pub fn public(&self) -> Vec<u8> {
        self.0.public().to_vec()
    }

    /// Opens the envelope of a record's key.
    pub fn open(&self, sealed: &[u8], name: &Name) -> Result<Key> {
        let sealed = SealedKey::decode_all(&mut &*sealed).map_err(failed)?;
        self.0.open(&sealed, &name.as_name()).map(Key).map_err(failed)
    }

    /// Encrypts the patient's own profile.
    #[wasm_bindgen(js_name = sealProfile)]
    pub fn seal_profile(&self, genesis: &[u8], patient: &[u8], text: &[u8]) -> Result<Vec<u8>> {
        profile::PROFILE.seal(&self.0, array(genesis)?, array(patient)?, text).map_err(failed)
    }

    /// Opens the patient's own profile.
    #[wasm_bindgen(js_name = openProfile)]
    pub fn open_profile(&self, genesis: &[u8], patient: &[u8], stored: &[u8]) -> Result<Vec<u8>> {
        let opened = profile::PROFILE.open(&self.0, array(genesis)?, array(patient)?, stored);
        opened.map(|bytes| bytes.to_vec()).map_err(failed)
    }
}

/// The short name by which envelopes say that they were made for a public key.
#[wasm_bindgen(js_name = keyName)]
pub fn key_name(public: &[u8]) -> Result<Vec<u8>> {
    Ok(EncryptionKey(array(public)?).name().0.to_vec())
}

/// Whether a text is a key file that only a passphrase opens.
#[wasm_bindgen(js_name = isEncrypted)]
pub fn is_encrypted(text: &str) -> bool {
    secrets::is_encrypted(text)
}

/// The key of one file.
#[wasm_bindgen]
pub struct Key(ContentKey);

#[wasm_bindgen]
impl Key {
    /// A new random key.
    pub fn generate() -> Key {
        Self(ContentKey::generate())
    }

    /// Encrypts a file of the patient.
    pub fn encrypt(&self, patient: &[u8], content: &[u8]) -> Result<Vec<u8>> {
        medchain_crypto::encrypt(&self.0, &array(patient)?, content).map_err(failed)
    }

    /// Decrypts a file of the patient.
    pub fn decrypt(&self, patient: &[u8], file: &[u8]) -> Result<Vec<u8>> {
        let opened = medchain_crypto::decrypt(&self.0, &array(patient)?, file);
        opened.map(|bytes| bytes.to_vec()).map_err(failed)
    }

    /// Seals the key to a reader's public key: a SCALE-encoded envelope.
    pub fn seal(&self, reader: &[u8], name: &Name) -> Result<Vec<u8>> {
        let sealed =
            medchain_crypto::seal(&self.0, &EncryptionKey(array(reader)?), &name.as_name());
        sealed.map(|sealed| sealed.encode()).map_err(failed)
    }

    /// Shares the key among custodians with these keys, 32 bytes each: a SCALE-encoded
    /// entrustment.
    pub fn entrust(&self, threshold: u8, keys: &[u8], name: &DealingName) -> Result<Vec<u8>> {
        let made = custody::entrust(&self.0, threshold, &arrays(keys)?, &name.0);
        made.map(|made| made.encode()).map_err(failed)
    }

    /// What the uploader of a film commits to: the root of its square, and the commitment of its
    /// verdicts, 32 bytes each.
    pub fn commitments(&self, square: &[u8]) -> Result<Vec<u8>> {
        let made = self.0.commitments(square);
        made.map(|made| made.encode()).ok_or_else(|| failed("the film's square has another size"))
    }

    /// What keeps reports on the record from being guessed by their codes, as text.
    #[wasm_bindgen(js_name = reportSalt)]
    pub fn report_salt(&self) -> String {
        medchain_report::salt(self.0.as_bytes()).to_string()
    }

    /// Opens a verdict: the label, and the probability of each class in parts per million.
    #[wasm_bindgen(js_name = openVerdict)]
    pub fn open_verdict(
        &self,
        genesis: &[u8],
        record: u64,
        model: u32,
        request: u64,
        sealed: &[u8],
    ) -> Result<Vec<u32>> {
        let name = VerdictName {
            genesis: array(genesis)?,
            record: RecordId(record),
            model: ModelId(model),
            request: RequestId(request),
        };
        let output = self.0.verdict_key(&name).open(&answer(sealed)?).map_err(failed)?;
        Ok(numbers(&output))
    }
}

/// The label, and the probability of each class in parts per million.
fn numbers(output: &Output) -> Vec<u32> {
    let parts = output.probabilities.iter().map(|part| part.deconstruct());
    [u32::from(output.label)].into_iter().chain(parts).collect()
}

/// The receipt of a verdict, computed again as by the chain and by `medchain replay`: of the
/// model's file, its preprocessing, the CID of the encrypted film, and the sealed answer.
#[wasm_bindgen]
pub fn receipt(model: &[u8], preprocessing: &[u8], film: &str, sealed: &[u8]) -> Result<Vec<u8>> {
    let preprocessing = PreprocessingId::try_from(preprocessing.to_vec())
        .map_err(|_| failed("the name of the preprocessing is longer than any"))?;
    let (model, film, sealed) = (array(model)?, cid(film)?, answer(sealed)?);
    Ok(medchain_primitives::receipt(&model, &preprocessing, &film, &sealed).0.to_vec())
}

/// The hash by which the chain lists a content, and which alone it keeps of an erased one.
#[wasm_bindgen(js_name = cidHash)]
pub fn cid_hash(content: &str) -> Result<Vec<u8>> {
    Ok(cid(content)?.hashed().0.to_vec())
}

/// What a key is shared for: chain, patient, the account that shares it, content.
#[wasm_bindgen]
pub struct DealingName(custody::Name);

#[wasm_bindgen]
impl DealingName {
    /// The name of a dealing.
    #[wasm_bindgen(constructor)]
    pub fn new(
        genesis: &[u8],
        patient: &[u8],
        dealer: &[u8],
        content: &str,
    ) -> Result<DealingName> {
        let (genesis, patient, dealer) = (array(genesis)?, array(patient)?, array(dealer)?);
        Ok(Self(custody::Name { genesis, patient, dealer, cid: cid(content)? }))
    }
}

/// The secret of one request for a key that custodians keep.
#[wasm_bindgen]
pub struct Reply(custody::Reply);

#[wasm_bindgen]
impl Reply {
    /// The secret of a new request.
    pub fn generate() -> Result<Reply> {
        custody::Reply::generate().map(Self).map_err(failed)
    }

    /// The key that shares are encrypted to.
    #[wasm_bindgen(getter)]
    pub fn public(&self) -> Vec<u8> {
        self.0.public().to_vec()
    }

    /// The secret for the browser's database, sealed to the account's own key.
    pub fn seal(&self, own: &Secret, genesis: &[u8], account: &[u8]) -> Result<Vec<u8>> {
        self.0.seal(&own.0, array(genesis)?, array(account)?).map_err(failed)
    }

    /// Opens a secret from the browser's database.
    pub fn open(own: &Secret, genesis: &[u8], account: &[u8], sealed: &[u8]) -> Result<Reply> {
        let opened = custody::Reply::open(&own.0, array(genesis)?, array(account)?, sealed);
        opened.map(Self).map_err(failed)
    }

    /// The key of a record, from what custodians delivered to this request. Dealing and numbered
    /// deliveries are in SCALE.
    pub fn recover(
        &self,
        threshold: u8,
        keys: &[u8],
        name: &DealingName,
        dealing: &[u8],
        deliveries: &[u8],
    ) -> Result<Key> {
        let found = self.0.recover(threshold, &arrays(keys)?, &name.0, dealing, deliveries);
        found.map(Key).map_err(failed)
    }
}

/// A film that a browser can show: a grey for each pixel, in rows from the top.
#[wasm_bindgen]
pub struct Film(medchain_vision::GreyImage);

#[wasm_bindgen]
impl Film {
    /// Decodes an image file as workers do.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Film> {
        medchain_vision::decode(bytes).map(Self).map_err(|error| failed(marked(&error)))
    }

    /// Columns.
    #[wasm_bindgen(getter)]
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Rows.
    #[wasm_bindgen(getter)]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// The greys.
    pub fn pixels(&self) -> Vec<u8> {
        self.0.pixels().to_vec()
    }
}

/// An image file without what says who the patient is.
#[wasm_bindgen]
pub struct Cleaned(medchain_vision::Deidentified);

#[wasm_bindgen]
impl Cleaned {
    /// Takes out what the command line takes out before an upload.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Cleaned> {
        medchain_vision::deidentify(bytes).map(Self).map_err(|error| failed(marked(&error)))
    }

    /// The file. It shows the same greys.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.bytes.clone()
    }

    /// Names of what was taken out.
    #[wasm_bindgen(getter)]
    pub fn removed(&self) -> Vec<String> {
        self.0.removed.clone()
    }

    /// What a person should look at before the film is handed on.
    #[wasm_bindgen(getter)]
    pub fn warnings(&self) -> Vec<String> {
        self.0.warnings.clone()
    }
}

/// The square that the network sees of an image file: 224 × 224 greys.
#[wasm_bindgen]
pub fn square(bytes: &[u8]) -> Result<Vec<u8>> {
    Ok(medchain_vision::square(bytes).map_err(failed)?.as_ref().to_vec())
}

/// An exact network, which is run here as workers run it.
#[wasm_bindgen]
pub struct Network(preview::Network);

#[wasm_bindgen]
impl Network {
    /// Reads a model's file. Its digest, the id of the steps that prepare films and the number of
    /// classes are those on the chain.
    #[wasm_bindgen(constructor)]
    pub fn new(onnx: &[u8], sha256: &[u8], preprocessing: &str, classes: usize) -> Result<Network> {
        let read = preview::Network::read(onnx, &array(sha256)?, preprocessing, classes);
        read.map(Self).map_err(failed)
    }

    /// The instructions that it runs with.
    #[wasm_bindgen(getter)]
    pub fn instructions(&self) -> String {
        self.0.instructions()
    }

    /// What the last layer gives for an image file.
    pub fn logits(&self, film: &[u8]) -> Result<Vec<i32>> {
        self.0.logits(film).map_err(failed)
    }

    /// The label, and the probability of each class in parts per million, as `openVerdict` gives
    /// them.
    pub fn predict(&self, film: &[u8]) -> Result<Vec<u32>> {
        self.0.predict(film).map(|output| numbers(&output)).map_err(failed)
    }
}

/// SHA-256, as a record has it of its stored bytes.
#[wasm_bindgen]
pub fn digest(bytes: &[u8]) -> Vec<u8> {
    medchain_crypto::digest(bytes).0.to_vec()
}

/// Content, split into blocks for a store.
#[wasm_bindgen]
pub struct Blocks(Vec<(cid::Cid, Vec<u8>)>);

#[wasm_bindgen]
impl Blocks {
    /// Splits `bytes` as Kubo does.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Blocks {
        Self(blocks::build(bytes))
    }

    /// The CID of the content.
    #[wasm_bindgen(getter)]
    pub fn root(&self) -> String {
        self.0.last().map(|(cid, _)| cid.to_string()).unwrap_or_default()
    }

    /// How many blocks there are; the root is the last.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The CID of a block.
    pub fn cid(&self, index: usize) -> String {
        self.0.get(index).map(|(cid, _)| cid.to_string()).unwrap_or_default()
    }

    /// The bytes of a block.
    pub fn block(&self, index: usize) -> Vec<u8> {
        self.0.get(index).map(|(_, block)| block.clone()).unwrap_or_default()
    }
}

/// Content, put together from blocks that are verified.
#[wasm_bindgen]
pub struct Assembly(blocks::Assembly);

#[wasm_bindgen]
impl Assembly {
    /// Starts with the CID of the content, for at most `limit` bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(cid: &str, limit: f64) -> Result<Assembly> {
        blocks::Assembly::new(cid, limit as u64).map(Self).map_err(failed)
    }

    /// The CIDs of the next blocks, at most `count`.
    pub fn wanted(&self, count: usize) -> Vec<String> {
        self.0.wanted(count)
    }

    /// Takes the first wanted block.
    pub fn supply(&mut self, block: &[u8]) -> Result<()> {
        self.0.supply(block).map_err(failed)
    }

    /// The share of the content that is there, from 0 to 1.
    #[wasm_bindgen(getter)]
    pub fn progress(&self) -> f64 {
        let (done, total) = self.0.progress();
        done as f64 / total.max(1) as f64
    }

    /// The content, once no block is wanted.
    pub fn finish(self) -> Result<Vec<u8>> {
        self.0.finish().map_err(failed)
    }
}

/// A patient's log, of what the page reads from blocks. Accounts are addresses, blocks JSON.
#[wasm_bindgen]
pub struct Log(log::Log);

#[wasm_bindgen]
impl Log {
    /// Begins for a patient with these records, and these policies after the first block; an
    /// empty text where there was none.
    #[wasm_bindgen(constructor)]
    pub fn new(
        patient: &str,
        records: &[u64],
        own_policy: &str,
        default_policy: &str,
    ) -> Result<Log> {
        let (own, default) = (given(own_policy), given(default_policy));
        log::Log::new(patient, records, own, default).map(Self).map_err(failed)
    }

    /// The topic that the patient's entries have.
    pub fn topic(patient: &str) -> Result<Vec<u8>> {
        log::Log::topic(patient).map(|topic| topic.to_vec()).map_err(failed)
    }

    /// The requests to look up before a block is taken.
    pub fn unknown(&self, block: &str) -> Result<Vec<u64>> {
        self.0.unknown(block).map_err(failed)
    }

    /// Adds a request that was looked up.
    pub fn learn(
        &mut self,
        request: u64,
        record: u64,
        patient: &str,
        requester: &str,
    ) -> Result<()> {
        self.0.learn(request, record, patient, requester).map_err(failed)
    }

    /// Takes the next block; fails where its entries are not those that the chain linked.
    pub fn take(&mut self, block: &str) -> Result<()> {
        self.0.take(block).map_err(failed)
    }

    /// The number of entries.
    #[wasm_bindgen(getter)]
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// The entries as a FHIR file.
    pub fn fhir(&self, genesis: &[u8], time: &str) -> Result<Vec<u8>> {
        Ok(self.0.fhir(array(genesis)?, time))
    }
}

/// The data that instantiates the reference policy.
#[wasm_bindgen(js_name = policyConstructor)]
pub fn policy_constructor() -> Vec<u8> {
    policy::constructor()
}

/// The data by which a patient grants an account these actions, for these purposes.
#[wasm_bindgen(js_name = policyGrant)]
pub fn policy_grant(
    grantee: &[u8],
    actions: u8,
    purposes: Option<u8>,
    until: Option<u32>,
) -> Result<Vec<u8>> {
    let purposes = purposes.map(PurposeSet);
    Ok(policy::grant(&array(grantee)?, ActionSet(actions), purposes, until))
}

/// The data by which a patient revokes the grant to an account.
#[wasm_bindgen(js_name = policyRevoke)]
pub fn policy_revoke(grantee: &[u8]) -> Result<Vec<u8>> {
    Ok(policy::revoke(&array(grantee)?))
}

/// The data that asks for a patient's grant to an account.
#[wasm_bindgen(js_name = policyGrantOf)]
pub fn policy_grant_of(patient: &[u8], grantee: &[u8]) -> Result<Vec<u8>> {
    Ok(policy::grant_of(&array(patient)?, &array(grantee)?))
}

/// The data by which a patient grants all accounts with a role these actions, for these purposes.
/// A role is its number on the chain.
#[wasm_bindgen(js_name = policyGrantRole)]
pub fn policy_grant_role(
    to: u8,
    actions: u8,
    purposes: Option<u8>,
    until: Option<u32>,
) -> Result<Vec<u8>> {
    let purposes = purposes.map(PurposeSet);
    Ok(policy::grant_role(role(to)?, ActionSet(actions), purposes, until))
}

/// The data by which a patient revokes the grant to a role.
#[wasm_bindgen(js_name = policyRevokeRole)]
pub fn policy_revoke_role(of: u8) -> Result<Vec<u8>> {
    Ok(policy::revoke_role(role(of)?))
}

/// The data that asks for a patient's grant to a role.
#[wasm_bindgen(js_name = policyRoleGrantOf)]
pub fn policy_role_grant_of(patient: &[u8], to: u8) -> Result<Vec<u8>> {
    Ok(policy::role_grant_of(&array(patient)?, role(to)?))
}

/// A patient's grant to an account or a role.
#[wasm_bindgen]
pub struct Grant(policy::Grant);

#[wasm_bindgen]
impl Grant {
    /// Reads the contract's answer; nothing where there is no grant.
    pub fn read(answer: &[u8]) -> Result<Option<Grant>> {
        Ok(policy::read_grant(answer).map_err(failed)?.map(Self))
    }

    /// The actions, a bit for each.
    #[wasm_bindgen(getter)]
    pub fn actions(&self) -> u8 {
        self.0.actions.0
    }

    /// The purposes, a bit for each; nothing stands for all.
    #[wasm_bindgen(getter)]
    pub fn purposes(&self) -> Option<u8> {
        self.0.purposes.map(|set| set.0)
    }

    /// The last block in which it holds; nothing stands for until revoked.
    #[wasm_bindgen(getter)]
    pub fn until(&self) -> Option<u32> {
        self.0.until
    }

    /// Whether the patient revoked it.
    #[wasm_bindgen(getter)]
    pub fn revoked(&self) -> bool {
        self.0.revoked
    }
}

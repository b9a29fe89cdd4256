//! Each way of not starting is one clear line.

use medchain_client::{chain::Network, store};
use medchain_disputes::Weights;
use medchain_primitives::{Cid, PreprocessingId};
use medchain_vision::SQUARE_ID;

use super::*;
use crate::prediction::world::{self, Desk, World};

const DESCRIPTION: &str = r#"{
    "id": "mc-area-224-v1", "model": "test", "version": "1", "size": 224,
    "crop": "centre-square", "resampling": "area-u8",
    "mask": {"border": 0, "corner": 0, "value": 0},
    "mean": [0.5, 0.5, 0.5], "std": [0.2, 0.2, 0.2],
    "labels": ["covid", "ignore", "normal"],
    "temperature": 1.0, "confidence_threshold": 0.5
}"#;

fn registered() -> Wanted {
    Wanted { asked: [ModelId(0)].into(), ..Wanted::default() }
}

fn entry(sha256: [u8; 32], cid: Cid) -> Model {
    Model { sha256, cid, ..world::entry() }
}

/// The error of a start with these files, against a model with this hash.
async fn error(files: &[(&str, &[u8])], sha256: [u8; 32], in_store: Option<&[u8]>) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let (world, worker) = World::with_worker();
    let cid = store::cid_of(in_store.unwrap_or_default());
    if let Some(bytes) = in_store {
        world.state().content.insert(cid.to_string(), Ok(bytes.to_vec()));
    }
    world.state().models.insert(ModelId(0), entry(sha256, cid));
    load_from(&worker, folder.path()).await
}

async fn load_from(worker: &Desk, folder: &Path) -> String {
    match load(worker, worker, &registered(), folder, None, 1).await {
        Ok(_) => panic!("it starts"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_folder_without_a_fitting_description_is_named() {
    let expected = "has no NAME.json of a model that this worker is registered for (models 0)";
    assert!(error(&[], [0; 32], None).await.contains(expected));
    let other = DESCRIPTION.replace("mc-area-224-v1", "another");
    let files = [("model.json", other.as_bytes()), ("metrics.json", &b"{}"[..])];
    assert!(error(&files, [0; 32], None).await.contains(expected));
}

#[tokio::test]
async fn a_file_with_a_different_hash_is_refused_with_both_hashes() {
    let files = [("model.json", DESCRIPTION.as_bytes()), ("model.onnx", &b"onnx"[..])];
    let error = error(&files, [0xab; 32], None).await;
    assert!(error.contains("model.onnx has the SHA-256 "), "{error}");
    assert!(error.contains(&hex::encode(crypto::digest(b"onnx").0)), "{error}");
    assert!(error.contains(&format!("model 0 on chain (test 1) has {}", "ab".repeat(32))));
}

#[tokio::test]
async fn a_fetched_file_is_compared_with_the_chain_as_well() {
    let files = [("model.json", DESCRIPTION.as_bytes())];
    let wrong = error(&files, [0xab; 32], Some(b"onnx")).await;
    assert!(wrong.contains("has the SHA-256"), "{wrong}");
    let missing = error(&files, [0xab; 32], None).await;
    assert!(missing.contains("not there"), "{missing}");
}

#[tokio::test]
async fn a_file_that_is_no_model_is_named() {
    let sha256 = crypto::digest(b"onnx").0;
    let files = [("model.json", DESCRIPTION.as_bytes()), ("model.onnx", &b"onnx"[..])];
    let no_onnx = error(&files, sha256, None).await;
    assert!(no_onnx.contains("model.json cannot be used as a model"), "{no_onnx}");
    let files = [("model.json", &b"{}"[..]), ("model.onnx", &b"onnx"[..])];
    let no_json = error(&files, sha256, None).await;
    assert!(no_json.contains("model.json cannot be used as a model"), "{no_json}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let (_world, worker) = World::with_worker();
    let folder = Path::new("/nowhere/models");
    let error = load(&*worker, &*worker, &registered(), folder, None, 1).await;
    assert!(error.is_err_and(|error| error.to_string().starts_with("cannot read /nowhere/models")));
}

/// It may have been replaced by a file of the same name: nobody asks for it any more.
#[tokio::test]
async fn a_retired_model_that_cannot_be_loaded_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.json"), DESCRIPTION).unwrap();
    fs::write(folder.path().join("model.onnx"), b"another").unwrap();
    let (world, worker) = World::with_worker();
    let retired = Model { status: ModelStatus::Retired, ..entry([0xab; 32], store::cid_of(b"")) };
    world.state().models.insert(ModelId(0), retired);
    let error = load_from(&worker, folder.path()).await;
    assert!(error.contains("has no NAME.json of a model"), "{error}");
}

/// As after an upgrade: the worker is registered for a version, and its folder has two.
#[tokio::test]
async fn of_two_versions_the_one_of_the_chain_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["old", "new"] {
        let path = folder.path().join(name);
        fs::write(path.with_extension("json"), DESCRIPTION).unwrap();
        fs::write(path.with_extension("onnx"), name).unwrap();
    }
    let chosen = |wanted: &str| {
        let entry = entry(crypto::digest(wanted.as_bytes()).0, store::cid_of(b""));
        let files = scan(folder.path()).unwrap();
        choose(&files, &entry).map(|files| files.description.file_stem().unwrap().to_owned())
    };
    assert_eq!(chosen("old").unwrap(), "old");
    assert_eq!(chosen("new").unwrap(), "new");
    // Neither is it: the store may have it.
    assert_eq!(chosen("another").unwrap(), "new", "it is refused");
    fs::write(folder.path().join("to-fetch.json"), DESCRIPTION).unwrap();
    assert_eq!(chosen("another").unwrap(), "to-fetch");
    assert_eq!(chosen("old").unwrap(), "old");
}

/// A model as if it were loaded, with what its folder expects of it.
fn served(folder: &Path, entry: Model) -> Result<ServedModel, ModelsError> {
    let files = scan(folder)?;
    let expected = choose(&files, &entry).unwrap().expected(&entry)?;
    let predictor = World::with_worker().1;
    Ok(ServedModel { entry: Arc::new(entry), is_asked: true, predictor, expected })
}

fn known(text: &str) -> Known {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_shipped_model_comes_with_what_its_card_counts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/shipped");
    let json = fs::read(folder.join("medchain-vgg16.json")).unwrap();
    let (preprocessing, _) = VisionModel::describe(&json).unwrap();
    let onnx = fs::read(folder.join("medchain-vgg16.onnx")).unwrap();
    let entry = Model {
        preprocessing: medchain_primitives::PreprocessingId::truncate_from(preprocessing.into()),
        ..entry(crypto::digest(&onnx).0, store::cid_of(b""))
    };
    let expected = served(&folder, entry).unwrap().expected.unwrap();
    // The card's own numbers, so that a model that is trained again need not be copied here.
    let metrics = fs::read(folder.join("metrics.json")).unwrap();
    let metrics: serde_json::Value = serde_json::from_slice(&metrics).unwrap();
    assert_eq!(serde_json::json!(expected.films()), metrics["films"]);
    let counted = fs::read(folder.join("medchain-vgg16.shares.json")).unwrap();
    let counted: serde_json::Value = serde_json::from_slice(&counted).unwrap();
    let films = expected.films() as f64;
    for (name, share) in ["covid", "ignore", "normal", "uncertain"].iter().zip(expected.shares()) {
        let count = counted["answers"][name].as_f64().unwrap();
        assert!(count > 0.0 && (share * films - count).abs() < 1e-9, "{name}: {share}");
    }
}

#[tokio::test]
async fn what_is_expected_is_of_this_very_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("model.json", DESCRIPTION);
    let of = |sha256| served(folder.path(), entry(sha256, store::cid_of(b"")));
    assert_eq!(of([1; 32]).unwrap().expected, None);
    let answers = r#"{"covid": 100, "ignore": 50, "normal": 50, "uncertain": 20}"#;
    let file = |sha256: &str| format!(r#"{{"sha256": "{sha256}", "answers": {answers}}}"#);
    write("model.shares.json", &file(&"01".repeat(32)));
    assert_eq!(of([1; 32]).unwrap().expected.unwrap().shares(), [0.5, 0.25, 0.25, 0.1]);
    assert_eq!(of([2; 32]).unwrap().expected, None, "another version");
    write("model.shares.json", r#"{"sha256": "", "answers": {"covid": 3, "uncertain": 0}}"#);
    let error = of([1; 32]).err().unwrap().to_string();
    assert!(error.contains("model.shares.json cannot be used as a model"), "{error}");
    assert!(error.contains("at least 100 films"), "{error}");
}

#[tokio::test]
async fn an_operator_s_counts_come_first_and_must_fit() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.json"), DESCRIPTION).unwrap();
    let model = || served(folder.path(), entry([1; 32], store::cid_of(b""))).unwrap();
    let mut models = BTreeMap::from([(ModelId(0), model())]);
    assert!(expect(&mut models, None, false).is_ok(), "without an alarm");
    let error = expect(&mut models, None, true).unwrap_err().to_string();
    assert!(error.contains("how model 0 answers on known films"), "{error}");
    let own = known("covid=10,ignore=0,normal=190,uncertain=20");
    expect(&mut models, Some(&own), true).unwrap();
    assert_eq!(models[&ModelId(0)].expected.as_ref().unwrap().shares(), [0.05, 0.0, 0.95, 0.1]);
    let other = known("covid=10,normal=190,uncertain=20");
    let error = expect(&mut models, Some(&other), false).unwrap_err().to_string();
    assert!(error.contains("with the labels covid, normal, and"), "{error}");
    let retired = ServedModel { is_asked: false, ..model() };
    assert!(expect(&mut BTreeMap::from([(ModelId(0), retired)]), None, true).is_ok());
}

/// The shipped model as a chain may know it, and what a start makes of that.
struct Shipped {
    folder: tempfile::TempDir,
    entry: Model,
    network: Network,
}

impl Shipped {
    /// With the steps of this name, or with its own.
    fn new(steps: Option<&str>) -> Self {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/shipped");
        let json = fs::read_to_string(shipped.join("medchain-vgg16.json")).unwrap();
        let json = match steps {
            Some(steps) => json.replace(SQUARE_ID, steps),
            None => json,
        };
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("model.json"), &json).unwrap();
        let onnx = fs::read(shipped.join("medchain-vgg16.onnx")).unwrap();
        fs::write(folder.path().join("model.onnx"), &onnx).unwrap();
        let network = medchain_vision::Model::network(&onnx, json.as_bytes()).unwrap();
        let id = steps.unwrap_or(SQUARE_ID).as_bytes().to_vec();
        let entry = Model {
            preprocessing: PreprocessingId::truncate_from(id),
            arithmetic: Arithmetic::Exact,
            ..entry(crypto::digest(&onnx).0, store::cid_of(b""))
        };
        Self { folder, entry, network: Weights::new(&network).describe(&network) }
    }

    async fn load(
        &self,
        entry: Model,
        network: Option<&Network>,
        wanted: &Wanted,
    ) -> Result<BTreeMap<ModelId, ServedModel>, ModelsError> {
        let (world, worker) = World::with_worker();
        world.state().models.insert(ModelId(0), entry);
        world.state().networks.extend(network.map(|network| (ModelId(0), network.clone())));
        load(&*worker, &*worker, wanted, self.folder.path(), None, 1).await
    }

    async fn error(&self, entry: Model, network: Option<&Network>) -> String {
        match self.load(entry, network, &registered()).await {
            Ok(_) => panic!("it is served"),
            Err(error) => error.to_string(),
        }
    }
}

#[tokio::test]
async fn a_model_is_held_against_the_network_of_the_chain() {
    let shipped = Shipped::new(None);
    let entry = || shipped.entry.clone();
    let served = shipped.load(entry(), Some(&shipped.network), &registered()).await.unwrap();
    let model = &served[&ModelId(0)];
    assert!(model.is_asked && model.predictor.is_disputable());
    assert!(model.predictor.numbers().is_some());

    let mut other = shipped.network.clone();
    other.layers[3].weights_root[0] ^= 1;
    let error = shipped.error(entry(), Some(&other)).await;
    assert_eq!(
        error,
        "model 0 on chain (test 1) is not served: its network is not the one that is \
         registered; see `medchain model verify`"
    );
    let error = shipped.error(entry(), None).await;
    assert!(error.contains("the chain knows no network of it"), "{error}");

    // Nobody can dispute about what the chain calls a model of floats.
    let float = Model { arithmetic: Arithmetic::Float, ..entry() };
    let served = shipped.load(float, None, &registered()).await.unwrap();
    assert!(!served[&ModelId(0)].predictor.is_disputable());

    // Only old answers need it: there is no reason not to start for that.
    let retired = Model { status: ModelStatus::Retired, ..entry() };
    let error = shipped.error(retired, Some(&other)).await;
    assert!(error.contains("has no NAME.json of a model"), "{error}");
    let old = Wanted { defended: [ModelId(0)].into(), ..Wanted::default() };
    let served = shipped.load(entry(), Some(&shipped.network), &old).await.unwrap();
    assert!(!served[&ModelId(0)].is_asked);
}

#[tokio::test]
async fn an_exact_model_that_sees_something_else_than_the_square_is_not_served() {
    let shipped = Shipped::new(Some("steps-of-its-own"));
    let error = shipped.error(shipped.entry.clone(), Some(&shipped.network)).await;
    assert!(error.contains("it sees films by the steps `steps-of-its-own`"), "{error}");
    assert!(error.contains(&format!("`{SQUARE_ID}`")) && !error.contains('\n'), "{error}");
}

#[tokio::test]
async fn a_model_that_is_not_served_does_not_keep_others_from_being_served() {
    let shipped = Shipped::new(None);
    let (world, worker) = World::with_worker();
    for (id, is_right) in [(0, false), (1, true)] {
        let id = ModelId(id);
        let mut network = shipped.network.clone();
        if !is_right {
            network.layers.pop();
        }
        world.state().models.insert(id, Model { id, ..shipped.entry.clone() });
        world.state().networks.insert(id, network);
    }
    let wanted = Wanted { asked: [ModelId(0), ModelId(1)].into(), ..Wanted::default() };
    let folder = shipped.folder.path();
    let served = load(&*worker, &*worker, &wanted, folder, None, 1).await.unwrap();
    assert_eq!(served.keys().collect::<Vec<_>>(), [&ModelId(1)]);
}

#[tokio::test]
async fn a_model_that_only_old_answers_need_is_left_out_if_it_cannot_be_loaded() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.json"), DESCRIPTION).unwrap();
    fs::write(folder.path().join("model.onnx"), b"another").unwrap();
    let (world, worker) = World::with_worker();
    world.state().models.insert(ModelId(0), entry([0xab; 32], store::cid_of(b"")));
    let old = Wanted { defended: [ModelId(0)].into(), ..Wanted::default() };
    let error = load(&*worker, &*worker, &old, folder.path(), None, 1).await.err().unwrap();
    assert!(error.to_string().contains("has no NAME.json of a model"), "{error}");
}

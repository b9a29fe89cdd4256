//! The games of disputes, and the moves in them.

use medchain_disputes::{Game, Said, Side, Spec, Stage};
use medchain_primitives::{
    InputRoot, ModelId, RecordId, RequestId, SealedAnswer, VerdictCommitment,
};

use super::{
    storage::{check_struct, field_type},
    *,
};

/// What players say.
pub mod moves {
    use medchain_disputes::{Leaf, Nodes, Opening, Roots, Shown, ShownParameters, Sums};

    pub fn roots() -> Roots {
        vec![[19; 32]; 3].try_into().unwrap()
    }

    pub fn nodes() -> Nodes {
        vec![[20; 32]; 256].try_into().unwrap()
    }

    pub fn leaf() -> Leaf {
        Leaf { salt: [21; 32], bytes: vec![22; 64].try_into().unwrap() }
    }

    pub fn sums() -> Sums {
        let pieces = vec![2_323_232, -5].try_into().unwrap();
        let siblings = vec![[18; 32]].try_into().unwrap();
        Sums { pieces, bias: -2_424_242, shift: 25, siblings }
    }

    pub fn opening(bias: Option<(i32, u8)>) -> Opening {
        let shown = Shown { salt: [26; 32], bytes: vec![27; 64].try_into().unwrap() };
        let weights = vec![28; 64].try_into().unwrap();
        let siblings = || vec![[18; 32]].try_into().unwrap();
        Opening {
            inputs: vec![shown].try_into().unwrap(),
            siblings: siblings(),
            parameters: ShownParameters { weights, bias, siblings: siblings() },
        }
    }
}

/// Every stage of a game, and everything that a player can have said in it.
fn games() -> Vec<Game> {
    let hash = [8; 32];
    let (level, height, index, channel) = (1, 2, 3, 4);
    let (claims, before) = ([5, -6], hash);
    let sealed = |byte| SealedAnswer::truncate_from(vec![byte; 50]);
    let spec = Spec {
        network: calls::network(),
        input_root: InputRoot(hash),
        verdicts: VerdictCommitment(hash),
        genesis: hash,
        record: RecordId(1),
        model: ModelId(2),
        request: RequestId(3),
        answers: [sealed(1), sealed(2)],
    };
    let stages = [
        Stage::Roots,
        Stage::Nodes { level, height, index, claims: [hash; 2], before },
        Stage::Leaf { level, index, claims: [hash; 2], before },
        Stage::Sums { level, channel, claims, before },
        Stage::Value { level, index, channel, piece: Some(7), claims, before },
        Stage::Salt { level, index, claims: [hash; 2] },
        Stage::Answer { logits: hash },
    ];
    let said = [
        Said::Roots(moves::roots()),
        Said::Nodes(moves::nodes()),
        Said::Leaf(moves::leaf()),
        Said::Sums(moves::sums()),
    ];
    let said = said.into_iter().map(|said| Some((Side::Second, said))).chain([None, None, None]);
    let games = stages.into_iter().zip(said);
    games.map(|(stage, said)| Game { spec: spec.clone(), stage, said }).collect()
}

#[test]
fn disputes_are_as_they_are_read() {
    let metadata = metadata();
    let type_id = field_type(&metadata, "Disputes", "Disputes", "game");
    for game in games() {
        let fields = [("players", [ALICE, BOB].encode()), ("game", game.encode())];
        check_struct("Disputes", "Disputes", &fields);
        let is_named = |what: &dyn std::fmt::Debug, field: &str| {
            let text = format!("{what:?}");
            let name = text.split(['(', ' ']).next().unwrap();
            assert_reads(&metadata, type_id, &game, &format!("{field}{name}"), "a game");
        };
        is_named(&game.stage, "stage: ");
        if let Some((_, said)) = &game.said {
            is_named(said, "Second (), ");
        }
    }
}

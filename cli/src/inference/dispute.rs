//! A dispute between two workers, in plain words.

use std::fmt;

use medchain_client::{chain::Request, AccountId32};
use medchain_disputes::{Game, Side, Stage};
use medchain_primitives::{ModelId, RecordId, RequestId};
use serde::Serialize;

use crate::output;

/// An open dispute.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DisputeReport {
    /// The request whose answers differ.
    pub request_id: RequestId,
    /// Its record.
    pub record_id: RecordId,
    /// Its model.
    pub model_id: ModelId,
    /// Whether it is about a verdict that was reached already.
    pub challenges_verdict: bool,
    /// The number of the round, from 1.
    pub round: u32,
    /// What both show: `roots`, `nodes`, `leaf`, `sums`, `value`, `salt` or `answer`.
    #[serde(serialize_with = "output::displayed")]
    pub stage: Stage,
    /// The first layer, from 1, in which they differ, once that is known.
    pub layer: Option<u8>,
    /// The two workers.
    pub players: Vec<PlayerReport>,
    /// The last block in which they can move.
    pub deadline: u32,
}

/// One of the two workers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlayerReport {
    /// The account.
    pub worker: AccountId32,
    /// Whether it still has to move in this round.
    pub to_move: bool,
}

impl DisputeReport {
    /// Describes the dispute about a request.
    pub fn new(
        request: &Request,
        players: &[AccountId32; 2],
        game: &Game,
        challenges_verdict: bool,
    ) -> Self {
        let players = Side::BOTH
            .map(|side| PlayerReport { worker: *side.of(players), to_move: game.awaits(side) });
        Self {
            request_id: request.id,
            record_id: request.record,
            model_id: request.model,
            challenges_verdict,
            round: game.round(),
            layer: game.stage.level(),
            stage: game.stage.clone(),
            players: players.into(),
            deadline: request.deadline,
        }
    }

    /// What the round is about, as a sentence.
    pub fn explained(&self) -> String {
        let layer = self.layer.map_or_else(String::new, |layer| format!(" of layer {layer}"));
        match self.stage {
            Stage::Roots => "each shows one hash for each layer of what it computed".to_owned(),
            Stage::Nodes { .. } => {
                format!("the results{layer} differ; each narrows down where, by hashes")
            }
            Stage::Leaf { .. } => {
                format!("the results{layer} differ; each shows the first values that do")
            }
            Stage::Sums { .. } => {
                format!("one value{layer} differs; each shows the sums that it is made of")
            }
            Stage::Value { .. } => format!(
                "one number{layer} differs; one of them shows what it is computed from, and the \
                 chain computes it"
            ),
            Stage::Salt { .. } => format!(
                "the results{layer} are equal, but not what hides them; one of them shows the \
                 secret of the record's verdicts, and the chain decides"
            ),
            Stage::Answer { .. } => {
                "the results are equal, but not the answers; one of them shows the secret of the \
                  record's verdicts, and the chain computes the answer"
                    .to_owned()
            }
        }
    }

    /// Whether the next move makes every verdict on this version of the record public.
    fn reveals_verdicts(&self) -> bool {
        matches!(self.stage, Stage::Salt { .. } | Stage::Answer { .. })
    }
}

impl fmt::Display for DisputeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request_id, record_id, model_id, round, deadline, .. } = self;
        let about = if self.challenges_verdict { ", which has a verdict" } else { "" };
        writeln!(f, "request   {request_id}: model {model_id} on record {record_id}{about}")?;
        writeln!(f, "round     {round}: {}", self.explained())?;
        let one_moves =
            matches!(self.stage, Stage::Value { .. } | Stage::Salt { .. } | Stage::Answer { .. });
        for PlayerReport { worker, to_move } in &self.players {
            let how = match (to_move, one_moves) {
                (true, true) => "may move: one move ends the dispute",
                (true, false) => "is to move",
                (false, _) => "has moved",
            };
            writeln!(f, "player    {worker} {how}")?;
        }
        write!(f, "deadline  block {deadline}; whoever has not moved by then loses")?;
        if self.reveals_verdicts() {
            write!(
                f,
                "\nThe next move makes the verdicts on this version of record {record_id} public. \
                 The patient can end the dispute before: medchain annul {request_id}"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use medchain_client::chain::{RequestStatus, SealedAnswer};
    use medchain_disputes::{Roots, Said, Spec};
    use medchain_primitives::{InputRoot, VerdictCommitment};

    use super::*;
    use crate::models::test_network;

    const PLAYERS: [AccountId32; 2] = [AccountId32([7; 32]), AccountId32([8; 32])];

    /// A game about a network whose first layer gives 300 × 300 pixels.
    fn game(stage: Stage) -> Game {
        let mut network = test_network();
        network.layers[0].shape.size = 300;
        let spec = Spec {
            network,
            input_root: InputRoot([1; 32]),
            verdicts: VerdictCommitment([2; 32]),
            genesis: [3; 32],
            record: RecordId(3),
            model: ModelId(4),
            request: RequestId(9),
            answers: [SealedAnswer::default(), SealedAnswer::truncate_from(vec![1])],
        };
        Game { stage, ..Game::new(spec) }
    }

    fn nodes(height: u8) -> Stage {
        let claims = [[1; 32], [2; 32]];
        Stage::Nodes { level: 1, height, index: 0, claims, before: [0; 32] }
    }

    fn value(piece: Option<u16>) -> Stage {
        Stage::Value { level: 1, index: 0, channel: 0, piece, claims: [1, 2], before: [0; 32] }
    }

    fn shown(game: &Game) -> String {
        let request = Request {
            id: RequestId(9),
            record: RecordId(3),
            patient: AccountId32([1; 32]),
            model: ModelId(4),
            requester: AccountId32([2; 32]),
            fee: 1,
            quorum: 2,
            opened: 10,
            deadline: 90,
            status: RequestStatus::Disputed,
        };
        DisputeReport::new(&request, &PLAYERS, game, false).to_string()
    }

    #[test]
    fn it_says_who_is_to_move_and_until_when() {
        let mut game = game(nodes(9));
        let both = shown(&game);
        assert!(both.contains("round     3: the results of layer 1 differ"), "{both}");
        assert_eq!(both.matches("is to move").count(), 2, "{both}");
        assert!(both.contains("block 90; whoever has not moved by then loses"), "{both}");
        game.said = Some((Side::First, Said::Roots(Roots::default())));
        let text = shown(&game);
        assert!(text.contains(&format!("{} has moved", PLAYERS[0])), "{text}");
        assert!(text.contains(&format!("{} is to move", PLAYERS[1])), "{text}");
    }

    #[test]
    fn a_move_that_reveals_the_verdict_is_announced() {
        for stage in [
            Stage::Answer { logits: [0; 32] },
            Stage::Salt { level: 1, index: 0, claims: [[1; 32], [2; 32]] },
        ] {
            let text = shown(&game(stage));
            assert!(text.contains("public") && text.contains("medchain annul 9"), "{text}");
        }
        assert!(!shown(&game(value(None))).contains("public"));
    }
}

//! Who asked, who computed, and where the chain has it.

use super::{heading, MARGIN, ROOM, SMALL, SMALL_STRONG};
use crate::{
    pdf::{Canvas, Role},
    shown_time, Outcome, Report,
};

const NAME: f32 = 104.0;

/// Draws the facts as a table, `step` from one line to the next; returns where it ends.
pub fn draw(canvas: &mut Canvas, y: f32, report: &Report, step: f32) -> f32 {
    canvas.part(Role::Section, |canvas| {
        let mut y = heading(canvas, (MARGIN, y, ROOM), "Who, and where the chain has it");
        canvas.part(Role::Table, |canvas| {
            for (name, values) in facts(report) {
                canvas.part(Role::Row, |canvas| {
                    canvas.part(Role::Header, |canvas| canvas.text(MARGIN, y, SMALL_STRONG, name));
                    canvas.part(Role::Cell, |canvas| {
                        for value in &values {
                            let value = canvas.fitted(SMALL, value, ROOM - NAME);
                            canvas.text(MARGIN + NAME, y, SMALL, &value);
                            y += step;
                        }
                    });
                });
            }
        });
        y
    })
}

/// The facts by name, each with the lines of its value.
fn facts(report: &Report) -> Vec<(&'static str, Vec<String>)> {
    let Report { record, block, request, .. } = report;
    let one = |name, value: String| (name, vec![value]);
    let mut all = vec![
        one("Patient's account", record.patient.clone()),
        one("Film added by", record.author.clone()),
    ];
    if let Some(request) = request {
        all.push(one("Asked by", request.requester.clone()));
        if !request.workers.is_empty() {
            let computes = match request.receipt {
                Some(_) => "Computed by",
                None => "Asked to compute",
            };
            all.push((computes, request.workers.clone()));
        }
        if let Some(receipt) = request.receipt {
            all.push(one("Receipt", receipt.to_string()));
        }
        if let Some(block) = request.reached_at {
            all.push(one("Verdict reached", format!("in block {block}{}", open_until(report))));
        }
    }
    all.extend([
        one("CID of the film", record.cid.clone()),
        one(
            "SHA-256 of that file",
            format!("{}, added in block {}", record.digest, record.added_at),
        ),
        one("State reported", format!("block {}, {}", block.number, shown_time(block.time))),
        one("Hash of that block", block.hash.to_string()),
        one("Genesis hash", report.genesis.to_string()),
    ]);
    all
}

/// Until when a verdict can be challenged.
fn open_until(report: &Report) -> String {
    match report.outcome {
        Outcome::Verdict { challengeable_until: Some(until), .. } => {
            format!("; a worker with another answer can challenge it until block {until}")
        }
        _ => String::new(),
    }
}

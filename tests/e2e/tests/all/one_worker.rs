//! What needs a chain with everybody on it and a worker that runs, and leaves both as they are.
//! Each part uploads films of its own: the same one would be the same record.

use medchain_e2e::{free_port, Running, World};

use super::{main_job, operations, parts::in_turn, polkadot_js, privacy, report, worker};

/// A chain with a worker that runs.
pub struct Working {
    // Fields are dropped in this order: the worker before its chain.
    pub worker: Running,
    /// Where it serves metrics and health.
    pub port: u16,
    pub world: World,
}

#[test]
fn what_one_worker_on_one_chain_shows() {
    let world = World::with_everybody();
    // It sees a request that waits, and then starts a worker by itself.
    in_turn!(world, report::a_report_agrees_with_the_chain_and_a_forged_one_does_not);

    let port = free_port();
    let worker = world.worker_at(port);
    // In the last part, the patient chooses custodians.
    in_turn!(
        Working { worker, port, world },
        main_job::the_main_job_with_real_images,
        main_job::each_of_the_four_sees_what_the_policy_allows,
        main_job::a_published_model_is_in_the_store_and_on_chain,
        worker::a_stranger_sees_that_there_is_a_verdict_and_the_patient_alone_discloses_it,
        privacy::no_plaintext_on_chain_or_in_the_store,
        polkadot_js::polkadot_js_carries_the_flow,
        polkadot_js::the_contract_bundle_loads_and_runs,
        polkadot_js::the_steps_of_the_readme_name_what_there_is,
        operations::everything_that_dashboard_alerts_and_guide_name_is_shown,
    );
}

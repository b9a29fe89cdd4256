//! A node that does not have the newest blocks yet.

use super::*;

#[test]
fn a_node_that_is_behind_adds_nothing_twice() {
    let scene = Scene::new();
    assert!(scene.run("film", None).0.unwrap().is_ok());
    scene.outside.lock().unwrap().behind = true;
    let error = scene.run("film", None).0.unwrap().unwrap_err();
    let said = format!("{error:#}");
    assert!(said.contains("newest final block is 0") && said.contains("in block 1"), "{said}");
    scene.assert_whole(1, "behind");
    scene.outside.lock().unwrap().behind = false;
    assert!(scene.run("film", None).0.unwrap().unwrap().was_done);
    scene.assert_whole(1, "caught up");
}

#[test]
fn a_record_that_is_in_no_final_block_yet_is_not_forgotten() {
    let scene = Scene::new();
    assert!(scene.run("film", None).0.unwrap().is_ok());
    let (gone, signed) = {
        let mut outside = scene.outside.lock().unwrap();
        (outside.records.pop().unwrap(), std::mem::take(&mut outside.signed))
    };
    // A fork without it is the best one for now.
    assert!(scene.run("film", None).0.unwrap().is_err());
    {
        let mut outside = scene.outside.lock().unwrap();
        outside.records.push(gone);
        outside.signed = signed;
    }
    assert!(scene.run("film", None).0.unwrap().unwrap().was_done);
    scene.assert_whole(1, "the fork has lost");
}

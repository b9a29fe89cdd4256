use medchain_primitives::{
    Action, Denied, DenyReason, ModelId, Parameter, ParameterUnit, Purpose, RecordId,
};

use super::*;

#[test]
fn the_access_question_is_as_the_runtime_takes_it() {
    let metadata = metadata();
    let api = metadata.runtime_api_trait_by_name("EmrApi").expect("EmrApi");
    let question = [
        ALICE.encode(),
        BOB.encode(),
        Some(RecordId(1)).encode(),
        Action::Infer.encode(),
        Some(Purpose::Research).encode(),
        Some(ModelId(2)).encode(),
    ];
    let policy = ALICE.encode();
    for (name, samples) in [
        ("check_access", question.to_vec()),
        ("check_policy", [std::slice::from_ref(&policy), &question[..]].concat()),
    ] {
        let method = api.method_by_name(name).expect(name);
        let inputs: Vec<u32> = method.inputs().map(|input| input.id).collect();
        assert_eq!(inputs.len(), samples.len());
        for (type_id, bytes) in inputs.into_iter().zip(&samples) {
            assert_is(&metadata, type_id, bytes, name);
        }
        let answer = Err::<(), Denied>(Denied::Refused(DenyReason::Other(3)));
        assert_reads(&metadata, method.output_ty(), &answer, "Other", name);
        assert_reads(&metadata, method.output_ty(), &Ok::<(), Denied>(()), "Ok", name);
    }
}

#[test]
fn the_parameters_are_as_they_are_read() {
    let metadata = metadata();
    let api = metadata.runtime_api_trait_by_name("ParametersApi").expect("ParametersApi");
    let method = api.method_by_name("parameters").expect("parameters");
    assert_eq!(method.inputs().count(), 0);
    let parameter = Parameter {
        name: b"Custody.CustodianBond".to_vec().try_into().unwrap(),
        unit: ParameterUnit::Blocks,
        place: [1, 2],
        value: 3,
        initial: 4,
        least: 5,
        most: 6,
    };
    assert_reads(&metadata, method.output_ty(), &vec![parameter], "Blocks", "parameters");
}

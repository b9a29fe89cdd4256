use super::{exports, shrink, strip};
use wasm_encoder::{
    CodeSection, CustomSection, EntityType, ExportKind, ExportSection, Function, FunctionSection,
    ImportSection, Instruction, MemArg, MemoryType, Module, TypeSection,
};

/// A module that exports one function under each of these names and has a custom
/// section. With `memory`, it imports its memory and writes to it.
fn module(names: &[&str], memory: bool) -> Vec<u8> {
    let mut module = Module::new();
    let mut types = TypeSection::new();
    types.ty().function([], []);
    module.section(&types);
    let mut imports = ImportSection::new();
    if memory {
        let pages = MemoryType {
            minimum: 2,
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        imports.import("env", "memory", EntityType::Memory(pages));
    }
    module.section(&imports);
    let mut functions = FunctionSection::new();
    functions.function(0);
    module.section(&functions);
    let mut exports = ExportSection::new();
    for name in names {
        exports.export(name, ExportKind::Func, 0);
    }
    module.section(&exports);
    let mut code = CodeSection::new();
    let mut body = Function::new([]);
    if memory {
        body.instruction(&Instruction::I32Const(0));
        body.instruction(&Instruction::I32Const(1));
        body.instruction(&Instruction::I32Store(MemArg { offset: 0, align: 2, memory_index: 0 }));
    }
    body.instruction(&Instruction::End);
    code.function(&body);
    module.section(&code);
    module.section(&CustomSection { name: "producers".into(), data: (&[0u8][..]).into() });
    module.finish()
}

fn names(module: &[u8]) -> Vec<String> {
    let exports = exports(module).unwrap();
    exports.iter().map(|one| one.name.to_owned()).collect()
}

#[test]
fn only_the_entry_points_remain() {
    let compiled = module(&["memcpy", "call", "deploy", "__heap"], true);
    let small = shrink(&compiled).unwrap();
    assert_eq!(names(&small), ["call", "deploy"]);
    assert!(small.len() < compiled.len());
}

#[test]
fn the_direct_entry_point_replaces_the_one_of_ink() {
    let compiled = module(&["call", "deploy", "policy_call"], true);
    assert_eq!(names(&strip(&compiled).unwrap()), ["deploy", "call"]);
}

#[test]
fn fails_when_the_chain_would_refuse_the_module() {
    let refusal = |compiled: &[u8]| format!("{:#}", shrink(compiled).unwrap_err());
    let both = ["call", "deploy"];
    assert!(refusal(b"no module").contains("not a WebAssembly module"));
    assert!(refusal(&module(&["call"], true)).contains("both call and deploy"));
    assert!(refusal(&module(&both, false)).contains("--import-memory"));
}

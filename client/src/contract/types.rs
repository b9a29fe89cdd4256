//! The names of a registry's types and their values, in words.

use std::collections::BTreeSet;

use scale_info::{
    form::PortableForm, Field, PortableRegistry, Type, TypeDef, TypeDefPrimitive, Variant,
};

/// How deep types may be nested. Reading a value recurses into its types, and a type
/// that contains itself would never end.
const MAX_DEPTH: usize = 64;

/// How deep type parameters are followed in a name.
const MAX_NAME_DEPTH: usize = 8;

/// Refuses types that contain themselves. The error names one.
pub fn ensure_finite(types: &PortableRegistry) -> Result<(), String> {
    let mut known = vec![false; types.types.len()];
    for ty in &types.types {
        if !ends(types, ty.id, MAX_DEPTH, &mut known)? {
            return Err(format!(
                "the type `{}` contains itself, or nests too deeply",
                name(types, ty.id)
            ));
        }
    }
    Ok(())
}

fn ends(
    types: &PortableRegistry,
    id: u32,
    depth_left: usize,
    known: &mut [bool],
) -> Result<bool, String> {
    let missing = || format!("there is no type {id}");
    if *known.get(id as usize).ok_or_else(missing)? {
        return Ok(true);
    }
    let Some(left) = depth_left.checked_sub(1) else {
        return Ok(false);
    };
    for part in parts(types.resolve(id).ok_or_else(missing)?) {
        if !ends(types, part, left, known)? {
            return Ok(false);
        }
    }
    if let Some(known) = known.get_mut(id as usize) {
        *known = true;
    }
    Ok(true)
}

/// The types that this one consists of.
fn parts(ty: &Type<PortableForm>) -> Vec<u32> {
    match &ty.type_def {
        TypeDef::Composite(of) => of.fields.iter().map(|field| field.ty.id).collect(),
        TypeDef::Variant(of) => {
            of.variants.iter().flat_map(|one| &one.fields).map(|field| field.ty.id).collect()
        }
        TypeDef::Sequence(of) => vec![of.type_param.id],
        TypeDef::Array(of) => vec![of.type_param.id],
        TypeDef::Tuple(of) => of.fields.iter().map(|field| field.id).collect(),
        TypeDef::Compact(of) => vec![of.type_param.id],
        TypeDef::Primitive(_) | TypeDef::BitSequence(_) => Vec::new(),
    }
}

/// Whether it is the standard library's `Result`.
pub fn is_result(types: &PortableRegistry, id: u32) -> bool {
    types.resolve(id).is_some_and(|ty| ty.path.segments == ["Result"])
}

/// Whether it is an account.
pub fn is_account(ty: &Type<PortableForm>) -> bool {
    ty.path.segments.last().is_some_and(|name| name == "AccountId" || name == "AccountId32")
}

/// Whether it is a byte.
pub fn is_byte(types: &PortableRegistry, id: u32) -> bool {
    let byte = TypeDef::Primitive(TypeDefPrimitive::U8);
    types.resolve(id).is_some_and(|ty| ty.type_def == byte)
}

/// The name of a type as in Rust, without the path: `Option<u32>`.
pub fn name(types: &PortableRegistry, id: u32) -> String {
    named(types, id, MAX_NAME_DEPTH)
}

fn named(types: &PortableRegistry, id: u32, depth_left: usize) -> String {
    let (Some(ty), Some(left)) = (types.resolve(id), depth_left.checked_sub(1)) else {
        return "…".into();
    };
    let of = |id: u32| named(types, id, left);
    if let Some(name) = ty.path.segments.last() {
        let given: Vec<String> =
            ty.type_params.iter().filter_map(|one| one.ty).map(|one| of(one.id)).collect();
        return match given.as_slice() {
            [] => name.clone(),
            given => format!("{name}<{}>", given.join(", ")),
        };
    }
    match &ty.type_def {
        TypeDef::Primitive(one) => primitive(one).into(),
        TypeDef::Sequence(one) => format!("Vec<{}>", of(one.type_param.id)),
        TypeDef::Array(one) => format!("[{}; {}]", of(one.type_param.id), one.len),
        TypeDef::Tuple(one) => {
            let all: Vec<String> = one.fields.iter().map(|field| of(field.id)).collect();
            format!("({})", all.join(", "))
        }
        TypeDef::Compact(one) => of(one.type_param.id),
        TypeDef::BitSequence(_) => "bits".into(),
        TypeDef::Composite(_) | TypeDef::Variant(_) => shape(types, ty).unwrap_or_default(),
    }
}

fn primitive(one: &TypeDefPrimitive) -> &'static str {
    match one {
        TypeDefPrimitive::Bool => "bool",
        TypeDefPrimitive::Char => "char",
        TypeDefPrimitive::Str => "String",
        TypeDefPrimitive::U8 => "u8",
        TypeDefPrimitive::U16 => "u16",
        TypeDefPrimitive::U32 => "u32",
        TypeDefPrimitive::U64 => "u64",
        TypeDefPrimitive::U128 => "u128",
        TypeDefPrimitive::U256 => "u256",
        TypeDefPrimitive::I8 => "i8",
        TypeDefPrimitive::I16 => "i16",
        TypeDefPrimitive::I32 => "i32",
        TypeDefPrimitive::I64 => "i64",
        TypeDefPrimitive::I128 => "i128",
        TypeDefPrimitive::I256 => "i256",
    }
}

/// A type's name and, where it has a name of its own, its values.
pub fn described(types: &PortableRegistry, id: u32) -> String {
    let name = name(types, id);
    match types.resolve(id).and_then(|ty| shape(types, ty)) {
        Some(shape) => format!("{name}, {shape}"),
        None => name,
    }
}

/// The named types in these types, each with its values.
pub fn legend(
    types: &PortableRegistry,
    of: impl IntoIterator<Item = u32>,
) -> Vec<(String, String)> {
    let mut open: Vec<u32> = of.into_iter().collect();
    let mut seen = BTreeSet::new();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        let Some(ty) = types.resolve(id).filter(|_| seen.insert(id)) else { continue };
        // `Option` and `Result` need no explanation.
        let is_std = ty.path.segments.len() == 1;
        if let Some(shape) = shape(types, ty).filter(|_| !is_std) {
            found.insert((name(types, id), shape));
        }
        if !is_account(ty) {
            open.extend(parts(ty));
        }
    }
    found.into_iter().collect()
}

/// The values of a struct or an enum: `Allow | Deny(DenyReason)`.
fn shape(types: &PortableRegistry, ty: &Type<PortableForm>) -> Option<String> {
    if is_account(ty) {
        return Some("an address, or 0x and 64 digits".into());
    }
    match &ty.type_def {
        TypeDef::Composite(of) => Some(fields(types, &of.fields)),
        TypeDef::Variant(of) => {
            let one = |one: &Variant<PortableForm>| match one.fields.as_slice() {
                [] => one.name.clone(),
                all if all.iter().all(|field| field.name.is_some()) => {
                    format!("{} {}", one.name, fields(types, all))
                }
                all => format!("{}{}", one.name, fields(types, all)),
            };
            let all: Vec<String> = of.variants.iter().map(one).collect();
            Some(all.join(" | "))
        }
        _ => None,
    }
}

fn fields(types: &PortableRegistry, all: &[Field<PortableForm>]) -> String {
    let are_named = !all.is_empty() && all.iter().all(|field| field.name.is_some());
    let one = |field: &Field<PortableForm>| {
        let ty = match types.resolve(field.ty.id) {
            // A nameless struct or enum within another could be endless.
            Some(ty) if ty.path.segments.is_empty() && shape_is_open(ty) => "…".into(),
            _ => name(types, field.ty.id),
        };
        match &field.name {
            Some(name) if are_named => format!("{name}: {ty}"),
            _ => ty,
        }
    };
    let all: Vec<String> = all.iter().map(one).collect();
    match are_named {
        true => format!("{{ {} }}", all.join(", ")),
        false => format!("({})", all.join(", ")),
    }
}

fn shape_is_open(ty: &Type<PortableForm>) -> bool {
    matches!(ty.type_def, TypeDef::Composite(_) | TypeDef::Variant(_))
}

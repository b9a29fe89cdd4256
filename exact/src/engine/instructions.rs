//! What a processor offers.

/// What a processor offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instructions {
    /// Nothing but Rust.
    Portable,
    /// 128 bits wide, on every x86-64.
    #[cfg(target_arch = "x86_64")]
    Sse2,
    /// 256 bits wide, on x86-64 since 2013.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512 bits wide, with products of bytes: servers since 2019.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// 128 bits wide, on every 64-bit ARM.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// 128 bits wide, in WebAssembly that was compiled for it.
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

/// The processor does not have these instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable(pub Instructions);

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "this processor does not have {:?}", self.0)
    }
}

impl std::error::Error for Unavailable {}

impl Instructions {
    /// What this processor offers, the slowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        #[allow(unused_mut, reason = "some processors offer nothing else")]
        let mut found = vec![Self::Portable];
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        found.push(Self::Simd128);
        #[cfg(target_arch = "aarch64")]
        found.push(Self::Neon);
        #[cfg(target_arch = "x86_64")]
        {
            found.push(Self::Sse2);
            if is_x86_feature_detected!("avx2") {
                found.push(Self::Avx2);
            }
            let vnni = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vnni");
            if vnni {
                found.push(Self::Avx512Vnni);
            }
        }
        found
    }

    /// The fastest that this processor offers.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }
}

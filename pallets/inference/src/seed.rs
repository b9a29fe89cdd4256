//! Where the randomness comes from by which workers are drawn.

/// A sequence of numbered seeds that neither requesters nor workers choose.
///
/// A request is drawn by a seed that is newer than those that were known when it was made:
/// `Config::SeedDelay` says by how much. So whoever makes it does not know which workers it will
/// get.
pub trait SeedSource {
    /// The number of the newest seed. It never becomes smaller.
    fn number() -> u32;

    /// The newest seed.
    fn seed() -> [u8; 32];
}

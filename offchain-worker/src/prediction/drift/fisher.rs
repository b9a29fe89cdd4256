//! Fisher's exact test: whether two samples can have the same share of something.

/// A share of the films of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many have it; at most `films`.
    pub count: u64,
    /// How many there are.
    pub films: u64,
}

impl Share {
    /// Between 0 and 1; 0 of no films.
    pub fn value(self) -> f64 {
        match self.films {
            0 => 0.0,
            films => self.count as f64 / films as f64,
        }
    }
}

/// If both samples come from where the share is the same: the chance that they differ as
/// much as they do, or more. Twice the smaller tail, at most 1.
///
/// Given how many films of both samples have it, how many of them are in the first one
/// follows the hypergeometric distribution, whatever the share is (R. A. Fisher, *The Design
/// of Experiments*, 1935). So a result of at most `p` has a chance of at most `p`, for
/// samples of any size.
pub fn chance(one: Share, other: Share) -> f64 {
    let (n, m) = (one.films, other.films);
    let (at, both) = (one.count, one.count + other.count);
    let here = ln_choose(n, at) + ln_choose(m, other.count) - ln_choose(n + m, both);
    let here = here.exp();
    // How much likelier it is that one film more is in the first sample.
    let ratio = |at: u64| {
        (n - at) as f64 / (at + 1) as f64 * ((both - at) as f64 / (m + at + 1 - both) as f64)
    };
    let (first, last) = (both.saturating_sub(m), n.min(both));
    let (mut term, mut above) = (here, here);
    for at in at..last {
        term *= ratio(at);
        above += term;
    }
    let (mut term, mut below) = (here, here);
    for at in (first..at).rev() {
        term /= ratio(at);
        below += term;
    }
    (2.0 * above.min(below)).min(1.0)
}

/// The logarithm of the number of ways to choose `k` of `n`.
fn ln_choose(n: u64, k: u64) -> f64 {
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// The logarithm of `n!`, to twelve digits: Stirling's series where `n` is not small.
fn ln_factorial(n: u64) -> f64 {
    if n < 32 {
        return (2..=n).map(|factor| (factor as f64).ln()).sum();
    }
    let x = n as f64;
    let series = 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3)) + 1.0 / (1260.0 * x.powi(5));
    x * x.ln() - x + 0.5 * (std::f64::consts::TAU * x).ln() + series
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(count: u64, films: u64) -> Share {
        Share { count, films }
    }

    fn choose(n: u64, k: u64) -> u128 {
        (0..u128::from(k)).fold(1, |all, i| all * (u128::from(n) - i) / (i + 1))
    }

    /// The chance of every first sample, given what both have, in whole numbers.
    fn exact(n: u64, m: u64, both: u64) -> impl Iterator<Item = (u64, f64)> {
        let all = choose(n + m, both) as f64;
        (both.saturating_sub(m)..=n.min(both))
            .map(move |at| (at, (choose(n, at) * choose(m, both - at)) as f64 / all))
    }

    #[test]
    fn textbook_values() {
        let close = |found: f64, known: f64| assert!((found - known).abs() < 1e-12, "{found}");
        // Fisher's lady: three of four cups.
        close(chance(share(3, 4), share(1, 4)), 2.0 * 17.0 / 70.0);
        close(chance(share(8, 10), share(1, 6)), 2.0 * 196.0 / 8008.0);
        close(chance(share(5, 10), share(50, 100)), 1.0);
        close(chance(share(0, 5), share(0, 7)), 1.0);
        close(chance(share(5, 5), share(7, 7)), 1.0);
        close(chance(share(0, 0), share(3, 7)), 1.0);
        close(ln_factorial(32), ln_factorial(31) + 32f64.ln());
    }

    #[test]
    fn large_samples_neither_overflow_nor_vanish() {
        let chance = chance(share(100_000, 1_000_000), share(430_000_000, 4_300_000_000));
        assert!((0.9..=1.0).contains(&chance), "{chance}");
        let nothing = super::chance(share(0, 100_000), share(1_000_000, 1_000_000));
        assert_eq!(nothing, 0.0);
    }

    proptest! {
        #[test]
        fn it_is_twice_the_smaller_tail(n in 1..40u64, m in 1..60u64, at in 0..40u64, of in 0..60u64) {
            let (at, of) = (at.min(n), of.min(m));
            let tail = |is: fn(&u64, &u64) -> bool| -> f64 {
                exact(n, m, at + of).filter(|(i, _)| is(i, &at)).map(|(_, p)| p).sum()
            };
            let known = (2.0 * tail(u64::le).min(tail(u64::ge))).min(1.0);
            let found = chance(share(at, n), share(of, m));
            prop_assert!((found - known).abs() < 1e-9, "{found} is not {known}");
            prop_assert!((chance(share(of, m), share(at, n)) - found).abs() < 1e-9);
        }

        /// What makes it a test: small values are as rare as they say.
        #[test]
        fn a_small_chance_is_as_rare_as_it_says(
            n in 1..40u64, m in 1..60u64, both in 0..100u64, level in 0.0001..0.5f64,
        ) {
            let both = both.min(n + m);
            let rare = |(at, p): (u64, f64)| {
                (chance(share(at, n), share(both - at, m)) <= level).then_some(p)
            };
            let total: f64 = exact(n, m, both).filter_map(rare).sum();
            prop_assert!(total <= level + 1e-9, "{total}");
        }
    }
}

//! Batches, what they show, and how often the alarm sounds.

use proptest::prelude::*;

use super::*;

/// What the card of model version 3.0.0 counts: covid, ignore, normal.
const CARD: [u64; 3] = [140, 151, 201];
const CARD_UNCERTAIN: u64 = 108;

fn rules(films: u32, odds: u32) -> Rules {
    Rules { films, odds, is_stopping: false }
}

fn card() -> Tally {
    Tally { called: CARD.to_vec(), uncertain: CARD_UNCERTAIN }
}

fn labels() -> Vec<String> {
    ["covid", "ignore", "normal"].map(String::from).to_vec()
}

fn called(label: u8, is_uncertain: bool) -> Called {
    Called { label, is_uncertain }
}

/// Numbers that look random, and are the same every time (SplitMix64).
struct Chance(u64);

impl Chance {
    /// In `[0, 1)`.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Where films come from: how often each label is the answer, and is uncertain then.
type Source = [(f64, f64); 3];

/// As the card has it; uncertain films are mostly those that could be covid or normal.
const AS_ON_THE_CARD: Source =
    [(140.0 / 492.0, 0.32), (151.0 / 492.0, 0.09), (201.0 / 492.0, 0.247)];

/// One film of a source.
fn film(source: &Source, chance: &mut Chance) -> Called {
    let mut place = chance.next();
    for (label, (share, uncertain)) in source.iter().enumerate() {
        if place < *share || label == source.len() - 1 {
            return called(label as u8, chance.next() < *uncertain);
        }
        place -= share;
    }
    unreachable!("the last one is taken")
}

/// Of how many batches the alarm sounds, each with its own known films where there are any.
fn alarms(
    batches: u32,
    rules: Rules,
    source: &Source,
    known: impl Fn(&mut Chance) -> Tally,
) -> u32 {
    let mut chance = Chance(7);
    let mut sounded = 0;
    for _ in 0..batches {
        let mut watch = Watch::new(rules, 3, Some(known(&mut chance)));
        let found = (0..rules.films).find_map(|_| watch.count(film(source, &mut chance)));
        sounded += u32::from(found.unwrap().is_alarm());
    }
    sounded
}

fn sample(source: &Source, films: u32, chance: &mut Chance) -> Tally {
    let mut tally = Tally::empty(3);
    (0..films).for_each(|_| tally.add(film(source, chance)));
    tally
}

/// The bound is for known films that are a sample themselves, as the card's are.
#[test]
fn without_drift_the_alarm_is_as_rare_as_it_is_told_to_be() {
    for (films, known) in [(200, 492), (50, 100)] {
        let sampled = |chance: &mut Chance| sample(&AS_ON_THE_CARD, known, chance);
        let sounded = alarms(4_000, rules(films, 20), &AS_ON_THE_CARD, sampled);
        assert!(sounded <= 200, "{sounded} of 4000 batches of {films} films, 200 are allowed");
        assert!(sounded >= 20, "{sounded}: so rare that it would sound for nothing");
    }
    let sounded = alarms(4_000, rules(200, 1_000), &AS_ON_THE_CARD, |_| card());
    assert!(sounded <= 4, "{sounded} of 4000 batches, 4 are allowed");
}

#[test]
fn rare_classes_do_not_sound_it_either() {
    let rare: Source = [(0.004, 0.5), (0.001, 0.5), (0.995, 0.1)];
    let sampled = |chance: &mut Chance| sample(&rare, 1_000, chance);
    let sounded = alarms(2_000, rules(200, 100), &rare, sampled);
    assert!(sounded <= 20, "{sounded} of 2000 batches, 20 are allowed");
}

#[test]
fn real_drift_sounds_it() {
    let drifts: [(&str, Source); 4] = [
        ("twice as many covid", [(0.55, 0.32), (0.2, 0.09), (0.25, 0.247)]),
        ("hardly any covid", [(0.05, 0.32), (0.35, 0.09), (0.6, 0.247)]),
        ("all films of another kind", [(0.0, 0.0), (1.0, 0.1), (0.0, 0.0)]),
        ("the same labels, less certain", [(0.285, 0.55), (0.307, 0.3), (0.408, 0.5)]),
    ];
    for (name, source) in drifts {
        let sounded = alarms(300, rules(200, 1_000), &source, |_| card());
        assert!(sounded >= 290, "{name}: in {sounded} of 300 batches");
    }
}

/// What the guide says about how much drift 200 films show.
#[test]
fn a_share_that_moves_by_a_fifth_of_all_films_is_found_in_nine_of_ten_batches() {
    let source = |moved: f64| {
        [(140.0 / 492.0 + moved, 0.22), (151.0 / 492.0, 0.22), (201.0 / 492.0 - moved, 0.22)]
    };
    let sounded = alarms(400, rules(200, 1_000), &source(0.20), |_| card());
    assert!(sounded >= 360, "in {sounded} of 400 batches");
    let sounded = alarms(400, rules(200, 1_000), &source(0.05), |_| card());
    assert!(sounded <= 40, "{sounded} of 400: a change this small does not show in one batch");
}

#[test]
fn nothing_is_found_before_a_batch_is_complete() {
    let mut watch = Watch::new(rules(50, 1_000), 3, Some(card()));
    for batch in 1..=3 {
        for film in 1..50 {
            assert_eq!(watch.count(called(0, true)), None, "film {film} of batch {batch}");
        }
        let finding = watch.count(called(0, true)).unwrap();
        assert_eq!(finding.films, 50);
        assert_eq!(finding.seen, [1.0, 0.0, 0.0, 1.0], "batch {batch}");
        assert!(finding.is_alarm());
    }
}

#[test]
fn shares_hide_single_films() {
    let seen = |covid: u32| {
        let mut watch = Watch::new(rules(200, 1_000), 2, None);
        let found = (0..200).find_map(|film| watch.count(called(u8::from(film >= covid), false)));
        found.unwrap().seen[0]
    };
    for (covid, share) in [(0, 0.0), (2, 0.0), (3, 0.025), (7, 0.025), (8, 0.05), (100, 0.5)] {
        assert_eq!(seen(covid), share, "{covid} films");
    }
    for (covid, share) in [(197, 0.975), (198, 1.0), (200, 1.0)] {
        assert_eq!(seen(covid), share, "{covid} films");
    }
}

#[test]
fn the_class_that_drifts_is_named_with_its_shares() {
    let judged = |counts: [u64; 3], uncertain| {
        let batch = Tally { called: counts.to_vec(), uncertain };
        Finding::of(&batch, Some(&card()), 1_000)
    };
    let finding = judged([100, 40, 60], 44);
    assert!(finding.is_alarm());
    assert_eq!(finding.difference(&labels()).unwrap(), "covid 50.0 % instead of 28.5 %");
    let judgement = finding.judgement.unwrap();
    assert!((0.2..0.22).contains(&judgement.distance), "{}", judgement.distance);
    let finding = judged([57, 61, 82], 100);
    assert_eq!(finding.difference(&labels()).unwrap(), "uncertain 50.0 % instead of 22.0 %");
    let finding = judged([57, 61, 82], 44);
    let judgement = finding.judgement.as_ref().unwrap();
    assert!(!finding.is_alarm() && judgement.distance < 0.02, "{judgement:?}");
    assert_eq!((judgement.chance, judgement.coarse_chance()), (1.0, 1.0));
}

#[test]
fn where_nothing_is_expected_shares_show_and_nothing_sounds() {
    let batch = Tally { called: vec![200, 0, 0], uncertain: 0 };
    let finding = Finding::of(&batch, None, 1_000);
    assert_eq!(finding.seen, [1.0, 0.0, 0.0, 0.0]);
    assert!(!finding.is_alarm() && finding.difference(&labels()).is_none());
}

#[test]
fn a_chance_is_shown_by_its_power_of_ten() {
    let shown = |chance| {
        let judgement =
            Judgement { expected: vec![], class: 0, distance: 0.0, chance, is_alarm: false };
        judgement.coarse_chance()
    };
    for (chance, text) in
        [(1.0, "1"), (0.3, "1"), (0.05, "0.1"), (0.0007, "0.001"), (0.0, "0.000000001")]
    {
        assert_eq!(shown(chance).to_string(), text, "{chance}");
    }
}

#[test]
fn known_films_are_read_by_name() {
    let text = "normal=201, covid=140,uncertain=108,ignore=151";
    let known: Known = text.parse().unwrap();
    assert_eq!(known.tally(&labels()), Some(card()));
    assert_eq!(known.tally(&labels()[..2]), None, "the model has one label less");
    let more = [labels(), vec!["pneumonia".to_owned()]].concat();
    assert_eq!(known.tally(&more), None, "the model has one label more");
    assert_eq!(known.labels(), "covid, ignore, normal");
    let table: Known =
        toml::from_str("covid = 140\nignore = 151\nnormal = 201\nuncertain = 108").unwrap();
    assert_eq!(table, known);
    for (text, error) in [
        ("", KnownError::Malformed),
        ("covid", KnownError::Malformed),
        ("covid=0.3,uncertain=0.1", KnownError::Malformed),
        ("covid=100,covid=200,uncertain=1", KnownError::Malformed),
        ("covid=100,normal=100", KnownError::UncertainMissing),
        ("covid=99,normal=0,uncertain=9", KnownError::TooFewFilms),
        ("covid=99,normal=1,uncertain=101", KnownError::UncertainTooLarge),
    ] {
        assert_eq!(text.parse::<Known>(), Err(error), "{text}");
    }
}

proptest! {
    #[test]
    fn every_film_is_in_one_batch_and_its_order_does_not_matter(
        mut films in prop::collection::vec((0..3u8, any::<bool>()), 50..250),
    ) {
        let found = |films: &[(u8, bool)]| {
            let mut watch = Watch::new(rules(50, 1_000), 3, Some(card()));
            let count = |film: &(u8, bool)| watch.count(called(film.0, film.1));
            films.iter().map(count).collect::<Vec<_>>()
        };
        let findings = found(&films);
        for (place, finding) in findings.iter().enumerate() {
            prop_assert_eq!(finding.is_some(), (place + 1) % 50 == 0);
        }
        films.chunks_mut(50).for_each(<[_]>::reverse);
        prop_assert_eq!(found(&films), findings);
    }

    #[test]
    fn what_is_found_makes_sense(
        counts in prop::collection::vec(0..500u64, 2..8),
        known in prop::collection::vec(0..500u64, 8),
        uncertain in 0.0..=1.0f64,
    ) {
        let of = |called: Vec<u64>| {
            let films: u64 = called.iter().sum();
            Tally { called, uncertain: (films as f64 * uncertain) as u64 }
        };
        let (batch, known) = (of(counts.clone()), of(known[..counts.len()].to_vec()));
        let finding = Finding::of(&batch, Some(&known), 1_000);
        let judgement = finding.judgement.clone().unwrap();
        prop_assert!((0.0..=1.0).contains(&judgement.chance));
        prop_assert!((0.0..=1.0).contains(&judgement.distance));
        prop_assert!(judgement.coarse_chance() >= judgement.chance.min(1e-9));
        prop_assert_eq!(finding.is_alarm(), judgement.chance < 0.001);
        prop_assert!(finding.seen.iter().all(|share| (0.0..=1.0).contains(share)));
        let same = Finding::of(&batch, Some(&batch), 1_000);
        prop_assert!(!same.is_alarm());
    }
}

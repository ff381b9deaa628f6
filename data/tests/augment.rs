//! What augmentation makes of pictures.
#![allow(clippy::unwrap_used)]

use fovea_data::{Augment, Augmentation, Subject, blend};

const HEIGHT: usize = 7;
const WIDTH: usize = 10;

/// A picture of which no two pixels are alike.
fn picture(channels: usize) -> Vec<f32> {
    let count = HEIGHT * WIDTH * channels;
    (0..count).map(|i| (i * 37 % count) as f32 / count as f32).collect()
}

fn augment(all: &[Augmentation]) -> Augment {
    all.iter().copied().collect()
}

/// What sample `index` becomes in an epoch, with the classes at its positions.
fn changed(augment: &Augment, values: &[f32], epoch: u32, index: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut values, channels) = (values.to_vec(), values.len() / (HEIGHT * WIDTH));
    let mut classes: Vec<f32> = values.iter().step_by(channels).copied().collect();
    let shape = [HEIGHT, WIDTH, channels];
    let mean = vec![0.25; channels];
    augment.apply(&mut Subject { shape, values: &mut values, classes: &mut classes, mean: &mean }, 7, epoch, index);
    (values, classes)
}

/// The picture with another pixel at each place.
fn moved(values: &[f32], from: impl Fn(usize, usize) -> (usize, usize)) -> Vec<f32> {
    let channels = values.len() / (HEIGHT * WIDTH);
    let places = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (y, x)));
    places
        .map(|(y, x)| from(y, x))
        .flat_map(|(y, x)| values[(y * WIDTH + x) * channels..][..channels].to_vec())
        .collect()
}

#[test]
fn chance_is_of_the_seed_the_epoch_and_the_sample() {
    let all = augment(&[Augmentation::Flip, Augmentation::Rotate(15.0), Augmentation::Jitter(0.2)]);
    let old = picture(3);
    assert_eq!(changed(&all, &old, 3, 5), changed(&all, &old, 3, 5));
    assert_ne!(changed(&all, &old, 3, 5), changed(&all, &old, 4, 5));
    assert_ne!(changed(&all, &old, 3, 5), changed(&all, &old, 3, 6));
    assert_eq!(changed(&Augment::default(), &old, 3, 5).0, old);
    assert!(Augment::default().is_empty() && !all.is_empty());
}

#[test]
fn every_second_picture_is_flipped_and_its_classes_with_it() {
    let old = picture(3);
    let mirrored = moved(&old, |y, x| (y, WIDTH - 1 - x));
    let flip = augment(&[Augmentation::Flip]);
    let mut count = 0;
    for index in 0..400 {
        let (new, classes) = changed(&flip, &old, 0, index);
        count += usize::from(new == mirrored);
        assert!(new == old || new == mirrored);
        assert!(classes.iter().eq(new.iter().step_by(3)));
    }
    assert!((150..250).contains(&count), "{count} of 400");
}

#[test]
fn a_crop_moves_the_picture_and_repeats_its_edge() {
    let old = picture(1);
    let crop = augment(&[Augmentation::Crop(2)]);
    let mut seen = [[false; 5]; 5];
    for index in 0..400 {
        let (new, classes) = changed(&crop, &old, 0, index);
        let shift = |at: usize, by: usize, side: usize| (at + by).saturating_sub(2).min(side - 1);
        let is = |down, across| new == moved(&old, |y, x| (shift(y, down, HEIGHT), shift(x, across, WIDTH)));
        let (down, across) = (0..25).map(|i| (i / 5, i % 5)).find(|&(down, across)| is(down, across)).unwrap();
        seen[down][across] = true;
        assert_eq!(classes, new);
    }
    assert!(seen.iter().flatten().all(|seen| *seen));
}

/// Interpolation keeps a slope what it is, so what became of it tells angle and factor.
fn slope(augment: &Augment, index: usize) -> (f32, f32) {
    let side = 31;
    let mut values: Vec<f32> = (0..side * side).map(|i| 0.01 * (i % side) as f32).collect();
    let shape = [side, side, 1];
    let subject = &mut Subject { shape, values: &mut values, classes: &mut [], mean: &[0.0] };
    augment.apply(subject, 7, 0, index);
    let at = |y: usize, x: usize| values[y * side + x];
    assert!((at(15, 15) - 0.15).abs() < 1e-5, "the middle stays");
    let (down, across) = ((at(18, 15) - at(12, 15)) / 6.0, (at(15, 18) - at(15, 12)) / 6.0);
    (down.atan2(across).to_degrees(), down.hypot(across) / 0.01)
}

#[test]
fn pictures_are_turned_and_scaled_about_their_middle() {
    let (rotate, scale) = (augment(&[Augmentation::Rotate(20.0)]), augment(&[Augmentation::Scale(0.8, 1.25)]));
    let angles: Vec<f32> = (0..100)
        .map(|index| slope(&rotate, index))
        .map(|(angle, steep)| {
            assert!((steep - 1.0).abs() < 1e-3, "{steep}");
            angle
        })
        .collect();
    let ends = |values: &[f32]| values.iter().fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let (least, most) = ends(&angles);
    assert!((-20.01..-15.0).contains(&least) && (15.0..20.01).contains(&most), "{least} to {most}");
    let factors: Vec<f32> = (0..100)
        .map(|index| slope(&scale, index))
        .map(|(angle, steep)| {
            assert!(angle.abs() < 0.1, "{angle}");
            1.0 / steep
        })
        .collect();
    let (least, most) = ends(&factors);
    assert!((0.799..0.85).contains(&least) && (1.17..1.251).contains(&most), "{least} to {most}");
}

#[test]
fn colours_keep_their_bounds_and_vary() {
    let jitter = augment(&[Augmentation::Jitter(0.3)]);
    // Of one grey, contrast and saturation change nothing: what is left is brightness.
    let levels: Vec<f32> =
        (0..200).map(|index| changed(&jitter, &[0.5; HEIGHT * WIDTH * 3], 0, index).0[4] / 0.5).collect();
    assert!(levels.iter().all(|level| (0.699..1.301).contains(level)));
    assert!(levels.iter().any(|level| *level < 0.75) && levels.iter().any(|level| *level > 1.25));
    let old = picture(3);
    for index in 0..50 {
        let (new, classes) = changed(&jitter, &old, 0, index);
        assert!(new.iter().all(|value| (0.0..=1.0).contains(value)) && new != old);
        assert!(classes.iter().eq(old.iter().step_by(3)), "classes are no colours");
    }
}

#[test]
fn noise_has_its_deviation_and_a_square_its_side() {
    let noise = augment(&[Augmentation::Noise(0.05)]);
    let old = picture(3);
    let squares: Vec<f64> = (0..100)
        .flat_map(|index| {
            changed(&noise, &old, 0, index)
                .0
                .into_iter()
                .zip(&old)
                .map(|(a, b)| f64::from(a - b).powi(2))
                .collect::<Vec<_>>()
        })
        .collect();
    let deviation = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    assert!((deviation - 0.05).abs() < 0.002, "{deviation}");
    let cutout = augment(&[Augmentation::Cutout(4)]);
    let mut whole = 0;
    for index in 0..200 {
        let (new, classes) = changed(&cutout, &old, 0, index);
        let cut: Vec<usize> = (0..HEIGHT * WIDTH).filter(|&at| new[at * 3..][..3] != old[at * 3..][..3]).collect();
        assert!(cut.iter().all(|&at| new[at * 3..][..3] == [0.25; 3]) && !cut.is_empty() && cut.len() <= 16);
        whole += usize::from(cut.len() == 16);
        assert!(classes.iter().eq(old.iter().step_by(3)));
    }
    assert!(whole > 40, "{whole} of 200 lie within");
}

/// α, how likely Beta(α, α) is below a tenth, and its variance: `scipy.stats.beta`'s `cdf(0.1, α, α)` and `var(α, α)`.
const ALPHAS: [(f32, f64, f64); 4] =
    [(0.2, 0.336_690, 0.178_571), (0.4, 0.239_739, 0.138_889), (1.0, 0.1, 0.083_333), (5.0, 0.000_891, 0.022_727)];

/// The shares of many samples are as scipy.stats.beta(α, α) has them: its chance to lie below a tenth, and its variance.
#[test]
fn what_is_kept_of_a_sample_follows_the_beta_distribution() {
    let indices: Vec<usize> = (0..20_000).collect();
    for (alpha, below, variance) in ALPHAS {
        let shares = augment(&[Augmentation::Mixup(alpha)]).shares(7, 1, &indices).unwrap();
        assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
        let count = shares.len() as f64;
        let mean = shares.iter().map(|&share| f64::from(share)).sum::<f64>() / count;
        let spread = shares.iter().map(|&share| (f64::from(share) - mean).powi(2)).sum::<f64>() / count;
        let found = shares.iter().filter(|&&share| share < 0.1).count() as f64 / count;
        assert!((mean - 0.5).abs() < 0.015, "{alpha}: mean {mean}");
        assert!((spread - variance).abs() < 0.006, "{alpha}: variance {spread}, not {variance}");
        assert!((found - below).abs() < 0.015, "{alpha}: {found} below 0.1, not {below}");
    }
}

#[test]
fn a_share_is_of_the_seed_the_epoch_and_the_sample_and_none_is_drawn_unasked() {
    let mixup = augment(&[Augmentation::Mixup(0.4)]);
    let all = mixup.shares(7, 3, &[5, 9, 2]).unwrap();
    assert_eq!(mixup.shares(7, 3, &[2, 5]).unwrap(), [all[2], all[0]]);
    assert_ne!(mixup.shares(7, 4, &[5]).unwrap(), [all[0]]);
    assert_ne!(mixup.shares(8, 3, &[5]).unwrap(), [all[0]]);
    assert!(mixup.mixes() && !mixup.is_empty() && !mixup.needs_pictures());
    assert_eq!(augment(&[Augmentation::Flip]).shares(7, 3, &[5]), None);
    // What runs are recognised by is what it was before samples could be mixed.
    assert!(!format!("{:?}", Augment::default()).contains("mixup"));
}

#[test]
fn each_is_mixed_with_the_next_as_it_was_and_the_last_with_the_first() {
    let mut rows = [1.0, 10.0, 2.0, 20.0, 4.0, 40.0];
    blend(&mut rows, 2, &[0.5, 1.0, 0.25]);
    assert_eq!(rows, [1.5, 15.0, 2.0, 20.0, 1.75, 17.5]);
    let mut alone = [3.0, 4.0];
    blend(&mut alone, 2, &[0.5]);
    assert_eq!(alone, [3.0, 4.0]);
    blend(&mut [], 0, &[]);
}

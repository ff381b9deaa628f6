use fovea_train::*;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    for name in ["shapes", "scenes"] {
        let t = std::time::Instant::now();
        let size = std::env::args().nth(2).map(|s| {
            let n: usize = s.parse().unwrap();
            [n, n]
        });
        let data = DataSpec { source: DataSpec::builtin(name).unwrap(), size }.load().unwrap();
        println!("{name} {:?} {:?}", t.elapsed(), data.images.shape());
        let &[h, w, _] = data.shape() else { panic!() };
        let (cols, rows) = if name == "shapes" { (20, 10) } else { (8, 8) };
        let up = if name == "shapes" { 2 } else { 2 };
        let pal = [[135u8, 190, 235], [250, 220, 60], [140, 200, 110], [40, 90, 200], [20, 100, 50], [200, 60, 50]];
        let mut img = image::RgbImage::new((cols * w * up) as u32, (rows * h * up) as u32);
        for r in 0..rows {
            for c in 0..cols {
                let i = if name == "shapes" { r * cols + c } else { (r / 2 * cols) + c };
                for y in 0..h * up {
                    for x in 0..w * up {
                        let (sy, sx) = (y / up, x / up);
                        let px: [u8; 3] = if name == "scenes" && r % 2 == 1 {
                            pal[data.labels.of(i)[sy * w + sx] as usize]
                        } else {
                            std::array::from_fn(|k| (data.images[[i, sy, sx, k]] * 255.0) as u8)
                        };
                        img.put_pixel((c * w * up + x) as u32, (r * h * up + y) as u32, image::Rgb(px));
                    }
                }
            }
        }
        img.save(format!("{path}/{name}.png")).unwrap();
        let mut count = vec![0u64; data.classes.len()];
        data.labels.all().iter().for_each(|&l| count[l as usize] += 1);
        println!("{count:?}");
    }
}

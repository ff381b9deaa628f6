//! Pictures of 8 bits are brought to size as Pillow does it, to within a level: it rounds twice, and this once.
#![allow(clippy::unwrap_used)]

mod support;

use image::{GrayImage, Luma, Rgb, RgbImage};
use support::{folder, images, open_sized, save};

#[test]
fn sizes_are_those_of_pillow() {
    let (mut same, mut all) = (0, 0);
    for ([height, width, channels], size, expected) in PILLOW {
        let root = folder();
        let level = |x: u32, y: u32, c: u32| (x * 37 + y * 91 + c * 53 + x * y * 7) as u8;
        let picture = if channels == 1 {
            GrayImage::from_fn(width, height, |x, y| Luma([level(x, y, 0)])).into()
        } else {
            RgbImage::from_fn(width, height, |x, y| Rgb([0, 1, 2].map(|c| level(x, y, c)))).into()
        };
        ["a/1.png", "a/2.png", "b/1.png"].iter().for_each(|name| save(&root.path().join(name), &picture));
        let read = open_sized(images(root.path()), Some(size)).unwrap().load().unwrap();
        let read = read.images.held().unwrap();
        let expected: Vec<u8> =
            (0..expected.len()).step_by(2).map(|at| u8::from_str_radix(&expected[at..at + 2], 16).unwrap()).collect();
        assert_eq!(read.len(), 3 * expected.len());
        for (found, expected) in read.iter().zip(expected.iter().cycle()) {
            let off = (found * 255.0 - f32::from(*expected)).abs();
            assert!(off < 1.01, "{height}x{width}x{channels} to {size:?}: {}, not {expected}", found * 255.0);
            same += usize::from(off < 0.01);
            all += 1;
        }
    }
    assert!(same * 10 >= all * 9, "{same} of {all}");
}

/// What `goldens/pillow.py` prints: the picture, the size it is brought to, and the levels then.
const PILLOW: [([u32; 3], [usize; 2], &str); 6] = [
    ([61, 47, 1], [6, 5], "80837e7e7b7a7f79817b81818e817f858396807d88817f7d8181827c8183"),
    (
        [61, 47, 3],
        [6, 5],
        "8082808380807e7f827e80837b807d7a857d7f827f79847a81807b7b8474817e848183818e7c7581867e7f837c857c84837f\
         7f96776f807d7f7d847a887c838181837f827b7d7c7c81827b817b7e8281807c7f81817d7d83807e",
    ),
    (
        [5, 4, 1],
        [9, 7],
        "000d22384d626f1e2c435a70869451617992aac3d38394af91738e9fb6c8e583203d4f5a6e8d745a7a8d1b30527393a4af4e\
         6488acc3855f6c83a8cee0732f",
    ),
    (
        [5, 4, 3],
        [9, 7],
        "00356a0d427722578c386da24d82b76297cc6fa4d91e53882c61964378ad5a8f99709f8586859b9474a95186bb6196cb79ae\
         e392c78aaacf31c36649d3245983b87c94a18daf7ba7918e7b739e4f8e686a9f467bb6eb20c8a232e52d4f83386d20558a3d\
         72a74f84b95a8f536e7b668d59857470a55a8fba7aaf888dc2691b50853065905287a1739ac193add2a4cf72afe4354e83b8\
         64999188bd54ac8c6bc35a89857e7c5f94746ca1d683b892a8dd25ce8338e0285d734d822f6499",
    ),
    (
        [33, 6, 1],
        [8, 8],
        "5b737e7988857e7974727c89738e8e6e8b9397948f837365998a786e896c595d6869707d8c917b55818a8b807583744d9183\
         83908b74625a6d676162898a95ad",
    ),
    (
        [33, 6, 3],
        [8, 8],
        "5b907a7381887e808c798d8488847f857f9e7e8f9179ae5b748d88727e7f7c808189908a738a788e71838e7a786ea3588b71\
         98937978977774946b8c8f657e83886e739c5d659a4f9980668a847d787d816e71778980926c8888598e6a5d924868997f69\
         7e797075767d81788c847891728e7b749d558a9f81678e8a70948b7c9280858775827d83727874728e4d82b7917772837c7d\
         8384869089888b6e7c748965628f785a79ae6d856f677f7161846f628f708989998a829a957c9fad76ab",
    ),
];

//! The program on a GPU, from the command line: the emulator stands in for the driver, and the images are NVIDIA's
//! compilers' own.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write;
use std::process::Command;

use fovea_cuda_emulator::{Variant, can_run, driver, or_skip};
use serde_json::Value;
use support::{Place, Ran};

const TRAIN: &str = "seed 7\nnet tiny = 8x8x1 - conv 8 - relu - pool - fc 32 - relu, softmax 10\n\
                     train tiny on digits for 3 epochs, batch 64, with sgd(lr 0.05)\n\
                     test tiny on digits\n";

/// Runs the program with the emulator as its driver; none where the emulator or the kernels' images cannot be made.
fn run(place: &Place, arguments: &[&str]) -> Option<Ran> {
    run_by(place.command(arguments))
}

fn run_by(mut command: Command) -> Option<Ran> {
    let library = or_skip(driver(Variant::Plain))?;
    let ran: Ran = command.env("LD_PRELOAD", library).output().unwrap().into();
    if ran.err.contains("NVRTC") {
        assert!(std::env::var_os("CI").is_none(), "{}", ran.err);
        #[allow(clippy::explicit_write)]
        writeln!(std::io::stderr(), "NOT RUN: neither NVRTC nor images of the kernels; see cuda/README.md").unwrap();
        return None;
    }
    Some(ran)
}

#[test]
fn a_script_trains_on_the_gpu_as_on_the_cpu() {
    let place = Place::new();
    place.write("train.fov", TRAIN);
    let Some(gpu) = run(&place, &["run", "train.fov", "--device", "cuda", "--format", "json"]) else { return };
    assert_eq!(gpu.status, Some(0), "{}", gpu.err);
    let cpu = place.run(&["run", "train.fov", "--format", "json"]);
    let accuracy = |ran: &Ran| {
        let told: Vec<serde_json::Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let tested = told.iter().find(|event| event["verb"] == "test").unwrap_or_else(|| panic!("{}", ran.out));
        tested["accuracy"].as_f64().unwrap_or_else(|| panic!("{tested}"))
    };
    let (on_gpu, on_cpu) = (accuracy(&gpu), accuracy(&cpu));
    assert!(on_gpu > 0.8 && (on_gpu - on_cpu).abs() < 0.02, "{on_gpu} on the GPU, {on_cpu} on the CPU");
}

/// What is asked of a net beyond its answer; that of the first line's net is read from a file.
const ASKED: &[&str] = &[
    "deconvnet tiny.relu1[2] on digits[3]",
    "deconvnet tiny.relu1[2] on digits[0..12] top 3",
    "maximize tiny class 7 for 3 steps",
    "maximize tiny.conv1[3] for 3 steps",
    "saliency tiny on digits[3] with gradient, guided, integrated(steps 4), gradcam",
    "embed tiny.relu2 on digits[0..40] with pca",
    "fool tiny on digits[3] with fgsm(eps 0.1)",
    "fool tiny on digits[0..8] with pgd(eps 0.1, steps 2)",
    "fool tiny on digits[3] with deepfool",
    "evolve tiny class 7 for 2 generations",
    "segment map on scenes[4]",
    "deconv [1 2; 3 4] with [1 1 1; 1 1 1; 1 1 1] stride 2",
    "pool [0 1 4 9; 3 2 5 8; 1 2 3 1; 3 1 7 4]",
    "convolve [1 2 3 4 5] with [1 -1] stride 2",
];

#[test]
fn what_is_asked_of_a_net_is_the_same_on_the_gpu() {
    let place = Place::new();
    place.write("train.fov", format!("{TRAIN}save tiny \"tiny.safetensors\"\n"));
    let trained = place.run(&["run", "train.fov"]);
    assert_eq!(trained.status, Some(0), "{}", trained.err);
    let nets = "seed 7\nnet tiny = 8x8x1 - conv 8 - relu - pool - fc 32 - relu, softmax 10\nload tiny \"tiny.safetensors\"\n\
                net map = 64x64x3 - conv 4 - relu - conv 6 1x1 - softmax\n";
    place.write("ask.fov", format!("{nets}{}\n", ASKED.join("\n")));
    let Some(gpu) = run(&place, &["run", "ask.fov", "--device", "cuda", "--format", "json", "--out", "gpu"]) else {
        return;
    };
    assert_eq!(gpu.status, Some(0), "{}", gpu.err);
    let cpu = place.run(&["run", "ask.fov", "--format", "json", "--out", "cpu"]);
    assert_eq!(cpu.status, Some(0), "{}", cpu.err);
    let asked = |ran: &Ran| ran.json().into_iter().rev().take(ASKED.len()).rev().collect::<Vec<_>>();
    for ((gpu, cpu), asked) in asked(&gpu).iter().zip(&asked(&cpu)).zip(ASKED) {
        let verb = asked.split(' ').next().unwrap();
        assert_eq!((&gpu["verb"], &cpu["verb"]), (&verb.into(), &verb.into()), "{asked}");
        same(gpu, cpu).unwrap_or_else(|why| panic!("{asked}: {why}\non the GPU {gpu}\non the CPU {cpu}"));
    }
}

/// Whether two results say the same, numbers to a thousandth; what a device takes of memory and time aside, and where files lie.
fn same(one: &Value, other: &Value) -> Result<(), String> {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            if (a - b).abs() <= 1e-3 * b.abs().max(1.0) { Ok(()) } else { Err(format!("{a} is not {b}")) }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => a.iter().zip(b).try_for_each(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) if a.keys().eq(b.keys()) => {
            let told = |key: &&String| !["bytes", "files", "seconds"].contains(&key.as_str());
            a.keys().filter(told).try_for_each(|key| same(&a[key], &b[key]).map_err(|why| format!("{key}: {why}")))
        }
        (a, b) if a == b => Ok(()),
        (a, b) => Err(format!("{a} is not {b}")),
    }
}

#[test]
fn a_net_is_trained_against_what_fools_it_on_the_gpu() {
    let place = Place::new();
    let against = TRAIN.replace("with sgd(lr 0.05)", "with sgd(lr 0.05) against pgd(eps 0.1, steps 2)");
    assert_ne!(against, TRAIN);
    place.write("train.fov", format!("{against}fool tiny on digits with fgsm(eps 0.1)\n"));
    let Some(gpu) = run(&place, &["run", "train.fov", "--device", "cuda", "--format", "json"]) else { return };
    assert_eq!(gpu.status, Some(0), "{}", gpu.err);
    let cpu = place.run(&["run", "train.fov", "--format", "json"]);
    let withstood = |ran: &Ran| ran.json().last().unwrap()["accuracy"].as_f64().unwrap();
    assert!((withstood(&gpu) - withstood(&cpu)).abs() < 0.05, "{} and {}", withstood(&gpu), withstood(&cpu));
}

/// The whole loss is in the graph, Gram matrices included, and so is its gradient.
#[test]
fn a_picture_is_stylized_on_the_gpu_as_on_the_cpu() {
    let place = Place::new();
    let net = "net q = 16x16x3 - [conv {4,6} - relu - pool]^2, softmax 2";
    let text = format!("{net}\ndata small = scenes size 24x24\nstylize small[3] as small[8] with q for 4 steps\n");
    place.write("style.fov", text);
    let Some(gpu) = run(&place, &["run", "style.fov", "--device", "cuda", "--format", "json"]) else { return };
    assert_eq!(gpu.status, Some(0), "{}", gpu.err);
    let cpu = place.run(&["run", "style.fov", "--format", "json"]);
    let course = |ran: &Ran| -> Vec<f64> {
        let told: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
        let steps = told["loss"].as_array().unwrap_or_else(|| panic!("{told}"));
        steps.iter().map(|step| step["total"].as_f64().unwrap()).collect()
    };
    let (on_gpu, on_cpu) = (course(&gpu), course(&cpu));
    assert_eq!((on_gpu.len(), on_cpu.len()), (5, 5));
    for (gpu, cpu) in on_gpu.iter().zip(&on_cpu) {
        assert!((gpu - cpu).abs() <= 0.01 * cpu, "{on_gpu:?} on the GPU, {on_cpu:?} on the CPU");
    }
    assert!(on_cpu[4] < 0.5 * on_cpu[0], "{on_cpu:?}");
}

#[test]
fn to_check_a_program_opens_no_gpu() {
    let place = Place::new();
    place.write("train.fov", format!("device cuda\n{TRAIN}"));
    let taken = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("FOVEA_EMULATOR_TAKEN", "1");
        run_by(command)
    };
    for arguments in [&["check", "train.fov"][..], &["check", "train.fov", "--device", "cuda"]] {
        let Some(checked) = taken(arguments) else { return };
        assert_eq!(checked.status, Some(0), "{}", checked.err);
    }
    let Some(ran) = taken(&["run", "train.fov"]) else { return };
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert!(ran.err.contains("cannot be used") && ran.err.contains("DEVICE_UNAVAILABLE"), "{}", ran.err);
    assert!(!place.path().join("runs").exists(), "nothing has run");
}

#[test]
fn the_gpu_is_listed_with_all_that_matters() {
    let place = Place::new();
    let Some(ran) = run(&place, &["devices", "--format", "json"]) else { return };
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    for word in ["cuda:0", "compute capability 9.0", "driver for CUDA 13.0"] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
}

/// One error, without a backtrace or anything of the program's, and the exit status of a failure.
fn is_refused(ran: &Ran, why: &str) {
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{}", ran.err);
    assert!(ran.err.starts_with("error: ") && ran.err.trim_end().lines().count() == 1, "{}", ran.err);
    assert!(ran.err.contains(why) && ran.err.contains("`device cpu`"), "{}", ran.err);
}

#[test]
fn a_driver_that_lacks_a_function_is_one_sentence() {
    if or_skip(can_run()).is_none() {
        return;
    }
    let place = Place::new();
    place.write("train.fov", TRAIN);
    place.write("driver.c", "int cuInit(unsigned flags) { return 0; }");
    let made = std::process::Command::new("g++")
        .args(["-x", "c", "-shared", "-fPIC", "driver.c", "-o", "libcuda.so"])
        .current_dir(place.path())
        .status();
    assert!(made.unwrap().success());
    let mut command = place.command(&["run", "train.fov", "--device", "cuda"]);
    let ran = command.env("LD_LIBRARY_PATH", place.path()).env("RUST_BACKTRACE", "1").output().unwrap().into();
    is_refused(&ran, "version 580 or newer");
}

/// A GPU for which this build has no kernels and this machine no compiler is listed with the reason, and nothing begins.
#[test]
fn a_gpu_without_kernels_is_not_ready() {
    let Some(library) = or_skip(driver(Variant::Plain)) else { return };
    let place = Place::new();
    place.write("train.fov", TRAIN);
    let run = |arguments: &[&str]| -> Ran {
        place.command(arguments).env("LD_PRELOAD", &library).env_remove("FOVEA_NVRTC").output().unwrap().into()
    };
    let listed = run(&["devices", "--format", "json"]);
    let devices = listed.json()[0]["devices"].as_array().unwrap().clone();
    let gpu = devices.iter().find(|device| device["name"] == "cuda:0").unwrap();
    if gpu["usable"] == false {
        assert!(gpu["reason"].as_str().unwrap().contains("FOVEA_NVRTC"), "{gpu}");
        is_refused(&run(&["run", "train.fov", "--device", "cuda"]), "libnvrtc.so.13");
    }
}

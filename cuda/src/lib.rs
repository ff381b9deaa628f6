//! The CUDA backend: for now it finds the GPUs and says why training does not run on them.
//!
//! Nothing is linked: the driver's library is loaded when [`probe`] first looks for it.

mod probe;

use fovea_graph::{Backend, BackendError, Device};

pub use probe::{ProbeError, probe};

/// Opens the GPU number `index`, counted from 0 in the driver's order.
///
/// # Errors
/// [`BackendError::Unavailable`], always: there is no driver, no such GPU, or only this build without CUDA kernels. The
/// text says which, and what to do.
pub fn open(index: usize) -> Result<Box<dyn Backend>, BackendError> {
    Err(BackendError::Unavailable(refusal(index, &probe())))
}

/// Why the GPU number `index` cannot be used, in a sentence.
fn refusal(index: usize, found: &Result<Vec<Device>, ProbeError>) -> String {
    match found {
        Err(why) => why.to_string(),
        Ok(devices) => match devices.get(index) {
            Some(Device { name, description, .. }) => {
                format!(
                    "{name} ({description}) is there, but this build has no CUDA kernels; training runs on the CPU: `device cpu`"
                )
            }
            None => {
                let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
                format!("there is no cuda:{index}; the driver sees {}", names.join(", "))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn h100() -> Device {
        Device {
            name: "cuda:0".into(),
            description: "NVIDIA H100 80GB HBM3, compute capability 9.0, driver for CUDA 13.0".into(),
            memory: Some(85_520_809_984),
        }
    }

    #[test]
    fn a_gpu_that_is_there_is_named_and_refused() {
        assert_eq!(
            refusal(0, &Ok(vec![h100()])),
            "cuda:0 (NVIDIA H100 80GB HBM3, compute capability 9.0, driver for CUDA 13.0) is there, but this build has no \
             CUDA kernels; training runs on the CPU: `device cpu`"
        );
    }

    #[test]
    fn a_gpu_that_is_not_there_is_answered_with_those_that_are() {
        assert_eq!(refusal(2, &Ok(vec![h100()])), "there is no cuda:2; the driver sees cuda:0");
    }

    #[test]
    fn without_a_driver_the_message_says_what_to_install() {
        assert_eq!(
            refusal(0, &Err(ProbeError::NoDriver)),
            "CUDA needs NVIDIA's driver (libcuda), which this machine does not have: install version 580 or newer for \
             your GPU, or train on the CPU: `device cpu`"
        );
    }

    /// On any machine: looking panics nowhere, and opening gives a reason that fits what was found.
    #[test]
    fn opening_explains_itself_here() {
        let found = probe();
        let Err(BackendError::Unavailable(why)) = open(0).map(|_| ()) else { panic!("this build has no CUDA kernels") };
        assert_eq!(why, refusal(0, &found));
        match found {
            Ok(devices) => {
                assert!(!devices.is_empty());
                assert!(devices.iter().enumerate().all(|(i, d)| d.name == format!("cuda:{i}") && d.memory.is_some()));
            }
            Err(why) => assert!(!format!("{why:?} {why}").is_empty()),
        }
    }
}

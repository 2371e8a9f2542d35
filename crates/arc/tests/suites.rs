//! Chains that others have collected, with what they must come to.

mod support;

use support::{sign_rsa, suite, valimail};

fn run(file: &str, count: usize) {
    let Some(folder) = suite("arc-valimail") else { return };
    let cases = valimail::cases(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    let failed: Vec<String> = cases.iter().filter_map(|case| case.check(&mut sign_rsa).err()).collect();
    println!("arc-valimail, {file}: {} of {} pass", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(cases.len(), count);
}

#[test]
fn k8_valimail_validation() {
    run("arc-draft-validation-tests.json", 87);
}

#[test]
fn valimail_sealing() {
    run("arc-draft-sign-tests.json", 9);
}

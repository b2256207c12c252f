//! The program proves that it computes right, and says so in every manifest.

use serde_json::Value;

use crate::example::Example;

#[test]
fn every_problem_comes_out_and_manifests_have_the_digest() {
    let example = Example::empty();
    let printed = example.good(&["selftest", "--json"]);
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert!(report["problems"].as_u64().unwrap() >= 20);
    assert_eq!(report["failed"], serde_json::json!([]));
    let outcomes = report["outcomes"].as_array().unwrap();
    for outcome in outcomes {
        assert_eq!(outcome["passed"], true, "{outcome}");
        assert!(!outcome["source"].as_str().unwrap().is_empty());
        let number = |key: &str| outcome[key].as_f64().unwrap();
        assert!((number("got") - number("expected")).abs() <= number("bound"), "{outcome}");
        assert!(outcome["z"].is_null() || number("z").abs() <= 4.5);
    }
    assert!(outcomes.iter().filter(|outcome| outcome["z"].is_number()).count() >= 20);

    example.good(&["init", "example"]);
    example.good(&["run", "example/run.toml", "--paths", "100", "--quiet"]);
    let manifest = example.json("results/example/manifest.json");
    assert_eq!(manifest["selftest"], report["quick"]);
    assert_eq!(manifest["selftest"]["failed"], 0);
    assert_eq!(manifest["selftest"]["sha256"].as_str().unwrap().len(), 64);
}

//! Memory does not grow with the paths: the worst losses are kept, the rest is counted by bin.

use crate::run::example;
use crate::table::Table;

const PATHS: [&str; 2] = ["350000", "800000"];

/// Peak of the memory of a run of a day, in bytes; its losses are of noise, so all of its market scopes lose or gain on every path.
fn peak_bytes(example: &crate::example::Example, paths: &str) -> Option<f64> {
    let day = ["run.horizon_days=1", "run.detail=summary"];
    let set = day.iter().flat_map(|set| ["--set", *set]);
    let args = ["run", "example/run.toml", "-q", "--paths", paths, "-o", paths];
    example.good(&args.into_iter().chain(set).collect::<Vec<_>>());
    example.json(&format!("{paths}/manifest.json"))["peak_memory_bytes"].as_f64()
}

#[test]
fn memory_is_flat() {
    let example = example();
    let [few, many] = PATHS.map(|paths| peak_bytes(&example, paths));
    let summary = Table::read(&example.path("800000/summary.parquet"));
    let (metrics, levels) = (summary.text("metric"), summary.maybe("level"));
    let (values, resolutions) = (summary.float("value"), summary.float("resolution"));
    for row in 0..summary.n_rows() {
        // A hundredth of the paths is among the worst that are kept; of the rest the file says how far off it may be.
        let is_kept = levels[row].is_some_and(|level| level >= 0.99) || metrics[row] == "max";
        let is_exact =
            is_kept || metrics[row] == "mean" || metrics[row].starts_with("probability_");
        assert!(!is_exact || resolutions[row] <= 0.0, "{} {:?}", metrics[row], levels[row]);
        assert!(resolutions[row] <= 5e-4 * values[row].abs(), "{} {:?}", metrics[row], levels[row]);
    }
    assert!(resolutions.iter().any(|resolution| *resolution > 0.0));
    // Where the system does not tell, there is nothing to hold.
    if let (Some(few), Some(many)) = (few, many) {
        // Kept one by one, so many more losses would take 7 MB a scope.
        assert!(many - few < 16e6, "{few} bytes, and with more than twice the paths {many}");
        assert!(many < 200e6, "{many} bytes");
    }
}

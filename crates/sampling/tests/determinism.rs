//! An outcome is a pure function of network, model, seed and path: not of threads, batches, order
//! of rows, or what else is in the network.

mod support;

use slashfall_graph::Network;
use slashfall_graph::spec::{AssetKind, Sharing};
use slashfall_sampling::replay;
use support::everything::{RUN, sketch};
use support::{bits, equal_names, events, model, on_threads, run, year};

#[test]
fn threads_and_batches_change_nothing() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let expected = bits(&on_threads(1, || run(&model, 2_000, 512)));
    for (threads, batch) in [(1, 2_000), (2, 512), (2, 77), (3, 1), (3, 4_096)] {
        let found = bits(&on_threads(threads, || run(&model, 2_000, batch)));
        assert!(found == expected, "{threads} threads, batches of {batch}");
    }
}

#[test]
fn a_path_replayed_alone_is_the_same() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let all = run(&model, 3_000, 1_000);
    let paths: Vec<u64> = (0..3_000).filter(|path| path % 13 == 5 || path % 100 < 3).collect();
    let width = model.layout().width();
    for record in replay(&model, &paths, |record| record) {
        let start = usize::try_from(record.path).unwrap() * width;
        assert_eq!(bits(&record.figures), bits(&all[start..start + width]), "path {}", record.path);
    }
}

/// Entries of a recorded path add up to its losses: by asset and for the system.
#[test]
fn recorded_losses_add_up() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let layout = model.layout();
    let paths: Vec<u64> = (0..3_000).collect();
    let (mut n_with_losses, mut n_with_contagion) = (0, 0);
    for record in replay(&model, &paths, |record| record) {
        let mut total = 0.0;
        for (index, id) in network.wrapped_assets().enumerate() {
            let asset = network.asset(id);
            let fall: f64 =
                record.record.losses.iter().map(|entry| entry.nav_fall[id.index()]).sum();
            let loss = record.figures[layout.asset(index, slashfall_cascade::AssetFigure::NavLoss)];
            assert!((fall - loss * asset.nav_0).abs() < 1e-12, "path {}", record.path);
        }
        for entry in &record.record.losses {
            total += entry.asset_eth.iter().sum::<f64>() + entry.direct_eth + entry.users_eth;
        }
        let expected = record.figures[layout.system(slashfall_cascade::Figure::Total)];
        assert!((total - expected).abs() < 1e-9, "path {}: {total}, not {expected}", record.path);
        let books = record.figures[layout.system(slashfall_cascade::Figure::BooksError)];
        assert!(books.abs() < 1e-12, "path {}: books are off by {books}", record.path);
        n_with_losses += u32::from(expected.abs() > 1e-6);
        let contagion = record.figures[layout.system(slashfall_cascade::Figure::Contagion)];
        n_with_contagion += u32::from(contagion > 1e-6);
    }
    assert!(n_with_losses > 1_500 && n_with_contagion > 300, "{n_with_contagion}");
}

/// Another operator, AVS and asset change no draw of those that were there.
#[test]
fn what_else_is_there_changes_no_draw() {
    let small = sketch().network().unwrap();
    let large = sketch()
        .asset("aaa", AssetKind::Lrt)
        .operator("0", "Zero")
        .avs("0", Sharing::Unique)
        .holding("aaa", "0", "ETH", 10.0)
        .allocation("0", "0", "*", 0.5)
        .network()
        .unwrap();
    let (before, after) = (events(&model(&small, RUN)), events(&model(&large, RUN)));
    let names: Vec<String> =
        model(&small, RUN).sources().iter().map(|s| s.name().to_owned()).collect();
    let kept: Vec<_> = after.into_iter().filter(|(_, name, _)| names.contains(name)).collect();
    // An outage's default background is a share of the network, and moves no draw either.
    assert_eq!(before, kept);
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let network = sketch().network().unwrap();
    let mut spec = sketch().0;
    spec.assets.rows.reverse();
    spec.operators.rows.reverse();
    spec.holdings.rows.reverse();
    spec.allocations.rows.rotate_left(3);
    let shuffled: Network = slashfall_graph::resolve(&spec).unwrap().network;
    let (a, b) = (run(&model(&network, RUN), 500, 100), run(&model(&shuffled, RUN), 500, 100));
    assert_eq!(bits(&a), bits(&b));
}

/// Value stability: a change here changes every stored result, and is a change of version.
#[test]
fn results_keep_their_values() {
    let network = sketch().network().unwrap();
    let model = model(&network, RUN);
    let total = model.layout().system(slashfall_cascade::Figure::Total);
    let figures = run(&model, 1_000, 1_000);
    let sum: f64 = figures.chunks_exact(model.layout().width()).map(|row| row[total]).sum();
    assert!((sum - 42_175.126_353_641_834).abs() < 1e-6, "{sum}");
}

/// Portfolios whose slashes are added up without their times: single paths, which are played day by day,
/// have the same figures to the bit.
#[test]
fn whole_amounts_replay_to_the_bit() {
    let network = equal_names(100);
    for dependence in ["copula = \"gaussian\"", "copula = \"student_t\"\ndf = 4"] {
        let model = model(&network, &year(0.02, dependence, 0.2_f64.sqrt()));
        let (width, n) = (model.layout().width(), 9_000);
        let all = run(&model, n, 4_096);
        assert_eq!(bits(&all), bits(&run(&model, n, 1_000)));
        let paths: Vec<u64> = (0..n).step_by(7).collect();
        for record in replay(&model, &paths, |record| record) {
            let start = usize::try_from(record.path).unwrap() * width;
            assert_eq!(bits(&record.figures), bits(&all[start..start + width]));
        }
    }
}

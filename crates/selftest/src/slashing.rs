//! Slashing by AVSs: unique and shared stake, what a compromise reaches, shares of groups.

use slashfall_cascade::{AssetFigure, Figure};
use slashfall_graph::Sketch;
use slashfall_graph::spec::{AssetKind, Sharing};

use crate::outcome::Check;
use crate::play::{event, event_with, play, slashes};
use crate::{Answer, Problem, Size};

pub(crate) const PROBLEMS: [Problem; 4] = [
    Problem {
        name: "unique stake",
        source: "ELIP-002, its example",
        is_quick: true,
        solve: unique_stake,
    },
    Problem {
        name: "shared stake",
        source: "Bar-Zur and Eyal 2025, Elastic Restaking Networks",
        is_quick: true,
        solve: shared_stake,
    },
    Problem {
        name: "keys and groups",
        source: "by hand (docs/model.md, 4 and 6.1)",
        is_quick: true,
        solve: keys_and_groups,
    },
    Problem {
        name: "layers of wrapping",
        source: "by hand (docs/model.md, 2 and 6.4)",
        is_quick: true,
        solve: layers,
    },
];

/// Magnitudes of .20, .25 and .20; the first AVS slashes by half, and the 200 become 180. The other
/// two may still take .25 and .20 of the 200 that there were.
fn unique_stake(_: Size) -> Answer {
    let mut sketch = Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 200.0);
    for (avs, fraction) in [("one", 0.20), ("two", 0.25), ("three", 0.20)] {
        sketch = sketch.avs(avs, Sharing::Unique).allocation(avs, "op", "*", fraction);
    }
    let all = [("one", "op", 0.5), ("two", "op", 1.0), ("three", "op", 1.0)];
    let lost =
        |n: usize| play(&sketch, 1, &slashes(&all[..n])).map(|played| played.system(Figure::Total));
    Ok(vec![
        Check::exact("200 after a slash by half of .20", 180.0, 200.0 - lost(1)?, 1e-12),
        Check::exact("what the .25 takes then", 50.0, lost(2)? - lost(1)?, 1e-12),
        Check::exact("what the .20 takes then", 40.0, lost(3)? - lost(2)?, 1e-12),
    ])
}

/// Stake 10 under four AVSs of .5: two slash by 1, and the other two have nothing left. Under .8 and
/// .6 of 100 the second may take min(.6, .2).
fn shared_stake(_: Size) -> Answer {
    let mut elastic = Sketch::new().operator("op", "Op").holding("direct", "op", "ETH", 10.0);
    for avs in ["a", "b", "c", "d"] {
        elastic = elastic.avs(avs, Sharing::Shared).allocation(avs, "op", "*", 0.5);
    }
    let four = ["a", "b", "c", "d"].map(|avs| (avs, "op", 1.0));
    let two = Sketch::new()
        .operator("op", "Op")
        .holding("direct", "op", "ETH", 100.0)
        .avs("a", Sharing::Shared)
        .avs("b", Sharing::Shared)
        .allocation("a", "op", "*", 0.8)
        .allocation("b", "op", "*", 0.6);
    let total = |sketch: &Sketch, body: &str| {
        play(sketch, 1, body).map(|played| played.system(Figure::Total))
    };
    let second = [("a", "op", 1.0), ("b", "op", 0.5)];
    Ok(vec![
        Check::exact("two of four halves", 10.0, total(&elastic, &slashes(&four[..2]))?, 1e-12),
        Check::exact("all four", 10.0, total(&elastic, &slashes(&four))?, 1e-12),
        Check::exact("half of what .8 leaves to .6", 90.0, total(&two, &slashes(&second))?, 1e-12),
    ])
}

/// Keys of an operator of 100 take its .3 at an AVS; by half and with all in reach they take .15 and
/// .35. A code that runs at half of one operator and a fifth of another slashes as much of each.
fn keys_and_groups(_: Size) -> Answer {
    let keys = Sketch::new()
        .operator("op", "Op")
        .holding("direct", "op", "ETH", 100.0)
        .avs("a", Sharing::Unique)
        .allocation("a", "op", "*", 0.3);
    let target = "operator = \"op\"";
    let allocated = play(&keys, 1, &event(0.5, "operator_compromise", target, 1.0))?;
    let reached = event_with(0.5, "operator_compromise", target, 0.5, "reach = \"all\"");
    let reached = play(&keys, 1, &reached)?;
    let group = Sketch::new()
        .operator("o1", "A")
        .operator("o2", "B")
        .holding("direct", "o1", "ETH", 100.0)
        .holding("direct", "o2", "ETH", 300.0)
        .avs("a", Sharing::Unique)
        .allocation("a", "*", "*", 0.5)
        .group("v1", "code", "o1", 0.5)
        .group("v1", "code", "o2", 0.2);
    let fault = "effect = \"avs_fault\"";
    let grouped =
        play(&group, 1, &event_with(0.5, "group_incident", "group = \"v1\"", 0.8, fault))?;
    // .5 x .8 x (.5 x 100 + .2 x 300).
    Ok(vec![
        Check::exact("keys, allocated stake", 30.0, allocated.system(Figure::Burned), 1e-12),
        Check::exact("keys, burned", 15.0, reached.system(Figure::Burned), 1e-12),
        Check::exact("keys, free stake taken", 35.0, reached.system(Figure::Redistributed), 1e-12),
        Check::exact("a common code", 44.0, grouped.system(Figure::Total), 1e-12),
    ])
}

/// An LRT of 100 ETH and 50 stETH at an operator that an AVS slashes by .4, and a bridged token on it:
/// the LST keeps its validators, the LRT loses .4 and so does what is on it, and 60 are counted once.
fn layers(_: Size) -> Answer {
    let sketch = Sketch::new()
        .asset("stETH", AssetKind::Lst)
        .asset("lrt", AssetKind::Lrt)
        .asset("bridged", AssetKind::Bridged)
        .operator("op", "Op")
        .avs("a", Sharing::Unique)
        .holding("stETH", "op", "ETH", 1_000.0)
        .holding("lrt", "op", "ETH", 100.0)
        .holding("lrt", "op", "stETH", 50.0)
        .holding("bridged", "", "lrt", 20.0)
        .allocation("a", "op", "*", 0.4);
    let played = play(&sketch, 1, &slashes(&[("a", "op", 1.0)]))?;
    let fall = |name| played.asset(name, AssetFigure::NavLoss);
    Ok(vec![
        Check::exact("fall of the LST's nav", 0.0, fall("stETH"), 1e-12),
        Check::exact("fall of the LRT's nav", 0.4, fall("lrt"), 1e-12),
        Check::exact("fall of the bridged token's nav", 0.4, fall("bridged"), 1e-12),
        Check::exact("loss of the system", 60.0, played.system(Figure::Total), 1e-12),
    ])
}

//! A small good network folder and the means to break it, apart from what is broken in it.

use std::fs;
use std::path::Path;

use slashfall_graph::{Place, Problem, Problems, load_network};
use tempfile::TempDir;

pub(crate) const GOOD: [(&str, &str); 11] = [
    (
        "network.toml",
        "name = \"small\"\nas_of = 2026-11-20\nsource = \"made up\"\nsynthetic = true\n\
         notes = \"\"\n",
    ),
    (
        "assets.csv",
        "asset,kind,supply_eth,buffer_eth,cover_eth,redemption_days,vol_annual,beta_market,\
         yield_staking,yield_campaign\n\
         ETH,base,,,,,,,,\n\
         USD,base,,,,,0.6,-0.5,,\n\
         stETH,lst,,,,4,,,0.0265,\n\
         ezETH,lrt,600,10,5,7,,,0.025,0.004\n\
         bezETH,bridged,,,,,,,,\n",
    ),
    ("operators.csv", "operator,entity,city\nA,Alpha,Bern\nB,Alpha,\nC,Gamma,Oslo\n"),
    (
        "holdings.csv",
        "holder,operator,asset,amount_eth\n\
         stETH,A,ETH,1000\n\
         ezETH,A,ETH,200\n\
         ezETH,B,ETH,290\n\
         ezETH,,stETH,100\n\
         bezETH,,ezETH,50\n\
         direct,B,stETH,40\n\
         direct,C,ETH,60\n",
    ),
    (
        "avs.csv",
        "avs,sharing,attack_threshold,profit_from_corruption_eth,secured_value_eth,redistributes\n\
         da,unique,0.4,10,500,false\n\
         bridge,unique,,,,\n\
         vault,shared,,,,TRUE\n\
         tower,shared,,,,0\n",
    ),
    (
        "allocations.csv",
        "avs,operator,asset,fraction\n\
         da,A,ETH,0.5\n\
         bridge,A,ETH,0.3\n\
         da,B,*,0.4\n\
         vault,C,ETH,0.9\n\
         tower,C,ETH,0.9\n",
    ),
    (
        "groups.csv",
        "group,kind,operator,share\nprysm,client,A,0.5\nteku,client,A,0.5\naws,cloud,B,1\n",
    ),
    (
        "pools.csv",
        "pool,asset,invariant,reserve_asset_eth,reserve_eth,amplification,fee\n\
         curve,ezETH,stableswap,80,100,50,0.0004\n\
         uni,stETH,constant_product,70,70,,\n",
    ),
    (
        "loans.csv",
        "market,collateral,debt_asset,oracle,ltv,liquidation_threshold,liquidation_bonus,\
         health_factor,collateral_eth,close_factor,reserve\n\
         aave,ezETH,ETH,exchange_rate,0.9,0.95,0.01,1.5,60,,weth\n\
         aave,ezETH,ETH,exchange_rate,0.9,0.95,0.01,1.05,20,,weth\n\
         morpho,ezETH,USD,market,0.7,0.77,0.05,1.3,40,1,\n",
    ),
    (
        "reserves.csv",
        "reserve,asset,supplied_eth,other_borrowed_eth,optimal_utilization,base_rate,slope_1,\
         slope_2\n\
         weth,ETH,100,30,0.9,0,0.027,0.8\n",
    ),
    ("portfolios.csv", "portfolio,asset,market,amount_eth\nfund,ezETH,,25\nfund,,aave,10\n"),
];

pub(crate) fn good_folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    for (file, text) in GOOD {
        fs::write(dir.path().join(file), text).unwrap();
    }
    dir
}

/// What is done to a file of the good folder.
pub(crate) enum Edit {
    /// Replaces the first text by the second; the first must be there once.
    Swap(&'static str, &'static str),
    /// Adds a line at the end.
    Add(&'static str),
    /// Writes the whole file.
    Write(&'static [u8]),
    /// Deletes the file.
    Remove,
}
pub(crate) fn apply(dir: &Path, file: &str, edit: &Edit) {
    let path = dir.join(file);
    let old = || fs::read_to_string(&path).unwrap();
    match edit {
        Edit::Swap(from, to) => {
            assert_eq!(old().matches(from).count(), 1, "{file}: {from:?} is not there once");
            fs::write(&path, old().replace(from, to)).unwrap();
        }
        Edit::Add(line) => fs::write(&path, old() + line + "\n").unwrap(),
        Edit::Write(bytes) => fs::write(&path, bytes).unwrap(),
        Edit::Remove => fs::remove_file(&path).unwrap(),
    }
}

pub(crate) fn problems_of(dir: &Path) -> Problems {
    match load_network(dir) {
        Ok(_) => Problems::default(),
        Err(problems) => problems,
    }
}

/// Where a problem is to be: file, row, column (`""` for none).
pub(crate) type At = (&'static str, Option<usize>, &'static str);

pub(crate) fn is_at(problem: &Problem, (file, row, column): At) -> bool {
    let found = match problem.place {
        Place::Row { row, .. } | Place::Line(row) => Some(row),
        Place::File => None,
    };
    problem.file == file && found == row && problem.key.as_deref().unwrap_or("") == column
}

/// Breaks `file` by `edit` and expects one problem at `at` that has all of `words` in it.
pub(crate) fn check(file: &str, edit: &Edit, at: At, words: &[&str]) {
    let dir = good_folder();
    apply(dir.path(), file, edit);
    let problems = problems_of(dir.path());
    let [problem] = problems.as_slice() else {
        panic!("one problem was expected at {at:?} and there are:\n{problems}");
    };
    assert!(is_at(problem, at), "expected at {at:?}: {problem}");
    for word in words {
        assert!(problem.to_string().contains(word), "expected {word:?} in: {problem}");
    }
}

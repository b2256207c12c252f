//! The command line as typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args as Arguments, Parser, Subcommand, ValueEnum};
use slashfall_graph::{MOST_AVSS, MOST_OPERATORS};
use slashfall_store::Place;

use crate::say::Log;

/// Monte Carlo cascade-risk engine for restaking.
#[derive(Debug, Parser)]
#[command(name = "slashfall", version, about, after_help = EXIT_STATUS)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) log: Log,
}

const EXIT_STATUS: &str = "Exit status: 0 ok, 2 bad input (nothing is written), 3 precision asked \
                           for not reached, 4 interrupted (`run --resume` goes on from there), 1 anything else.";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented run file and a small network to start from.
    Init(Init),
    /// Say what is wrong with a network or run file, or else the facts of the network.
    Check(Check),
    /// Simulate and write loss distributions, tail figures and contributions.
    Run(Run),
    /// Merge parts of a run (`run --paths-from --paths-to`) to the result of one run over all paths.
    Merge(Merge),
    /// Play the events of a run file for certain and print what follows, day by day.
    Stress(Stress),
    /// Play a path of a result again and tell what happened on it.
    Replay(Replay),
    /// Say which first events lead to a loss: the likeliest sets of them and the smallest.
    Reverse(Reverse),
    /// Say how much of each position a treasury may hold, by its policy and the paths of a result.
    Caps(Caps),
    /// Make one offline HTML page of a result: charts, tables, the worst paths told.
    Report(Report),
    /// Say by how much two scenarios or results differ, path by path, with errors.
    Diff(Diff),
    /// Print the tables that are read and written: columns, units, meanings.
    Schema(Schema),
    /// Prove on this machine that the program computes right, against exactly solvable problems.
    Selftest(Selftest),
    /// Write a synthetic network of any size with the stylised facts of restaking.
    Synth(Synth),
    /// Turn a snapshot of a real protocol into a network folder.
    Import(Import),
    /// Fit noise, pools, loans and rates to observations, with standard errors.
    Calibrate(crate::calibrate::args::Calibrate),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

#[derive(Debug, Arguments)]
pub(crate) struct Init {
    /// Folder to make.
    #[arg(default_value = "slashfall-example")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Arguments)]
pub(crate) struct Check {
    /// A network folder, or a run file (which is checked with its network).
    pub(crate) path: PathBuf,
    /// Change a key of the run file, such as run.seed=7 or source.avs_fault.rate=0.01.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Take the network that the run file names from wherever it is, and links in it: else it lies below
    /// the run file's folder, the working directory or the run file's repository.
    #[arg(long)]
    pub(crate) allow_outside: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Rows to print of each ranking.
    #[arg(long, default_value_t = 7)]
    pub(crate) top: usize,
}

#[derive(Debug, Arguments)]
pub(crate) struct Run {
    /// The run file (TOML), or s3://BUCKET/NAME; its network may be in a store too.
    pub(crate) run_file: PathBuf,
    /// Folder for the result, or s3://BUCKET/PREFIX; results/NAME by default.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a result that is already there, and throw away what an interrupted run has kept.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Go on with a run that was interrupted, from what it has kept in OUTPUT.unfinished; the result is the same.
    #[arg(long, conflicts_with_all = ["paths_from", "paths_to"])]
    pub(crate) resume: bool,
    /// Seconds between two checkpoints, from which an interrupted run is resumed.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds, conflicts_with_all = ["paths_from", "paths_to"])]
    pub(crate) checkpoint: Duration,
    /// Number of paths, instead of the run file's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    pub(crate) paths: Option<u64>,
    /// Run a part: from this path on. Parts merge to the result of one run.
    #[arg(long, value_name = "PATH")]
    pub(crate) paths_from: Option<u64>,
    /// Run a part: up to this path, which is not in it.
    #[arg(long, value_name = "PATH")]
    pub(crate) paths_to: Option<u64>,
    /// Seed, instead of the run file's.
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=9_223_372_036_854_775_807))]
    pub(crate) seed: Option<u64>,
    /// Threads; all cores by default. The result does not depend on them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Change a key of the run file, such as run.horizon_days=7 or source.avs_fault.rate=0.01.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Take the network that the run file names from wherever it is, and links in it: else it lies below
    /// the run file's folder, the working directory or the run file's repository.
    #[arg(long)]
    pub(crate) allow_outside: bool,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Merge {
    /// Folders of parts in any order, or folders that hold such; or s3://BUCKET/PREFIX.
    #[arg(required = true, value_name = "PART")]
    pub(crate) parts: Vec<PathBuf>,
    /// Write one larger part, of all their paths, instead of the result: many parts merge in steps.
    #[arg(long)]
    pub(crate) part: bool,
    /// Where the network is, if it is not where it was for the first part.
    #[arg(long, value_name = "DIR")]
    pub(crate) network: Option<PathBuf>,
    /// Folder for the result, or s3://BUCKET/PREFIX; results/NAME by default.
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a result that is already there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Threads; all cores by default. The result does not depend on them.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Print the summary as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Stress {
    /// The run file (TOML) with its events.
    pub(crate) run_file: PathBuf,
    /// A scenario to play; may be given more than once. All by default, base among them.
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Vec<String>,
    /// Folder for the tables; without it nothing is written.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: Option<PathBuf>,
    /// Replace a result that is already there.
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,
    /// Change a key of the run file, such as run.horizon_days=7.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Take the network that the run file names from wherever it is, and links in it: else it lies below
    /// the run file's folder, the working directory or the run file's repository.
    #[arg(long)]
    pub(crate) allow_outside: bool,
    /// Print all days, not only those on which something happened or moved.
    #[arg(long)]
    pub(crate) all_days: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Arguments)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["path", "worst"]))]
pub(crate) struct Replay {
    /// The result folder of a run.
    #[arg(value_parser = local())]
    pub(crate) result: PathBuf,
    /// Number of the path.
    #[arg(long, value_name = "N")]
    pub(crate) path: Option<u64>,
    /// List the N worst paths of a scope, and tell the worst.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) worst: Option<u64>,
    /// Whose losses rank the paths: system, an asset (by nav), a portfolio or a channel.
    #[arg(long, value_name = "NAME", default_value = "system", conflicts_with = "path")]
    pub(crate) scope: String,
    /// Rank by an asset's loss at market prices.
    #[arg(long, requires = "worst")]
    pub(crate) market: bool,
    /// Scenario of the run.
    #[arg(long, value_name = "NAME", default_value = "base")]
    pub(crate) scenario: String,
    /// Folder of the network, instead of the one that the result names.
    #[arg(long, value_name = "DIR")]
    pub(crate) network: Option<PathBuf>,
    /// Print all days, not only those on which something happened or moved.
    #[arg(long)]
    pub(crate) all_days: bool,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Report {
    /// The result of a run: its folder, or s3://BUCKET/PREFIX.
    pub(crate) result: PathBuf,
    /// A result to set beside it.
    #[arg(long, value_name = "RESULT", value_parser = local())]
    pub(crate) vs: Option<PathBuf>,
    /// A folder that `caps --output` wrote of the result.
    #[arg(long, value_name = "DIR", value_parser = local())]
    pub(crate) caps: Option<PathBuf>,
    /// The page to write; a file, or s3://BUCKET/NAME.
    #[arg(short, long, value_name = "FILE", default_value = "report.html")]
    pub(crate) output: PathBuf,
    /// Replace the page if it is there.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Whose losses: system, system_ex_price, an asset (by nav), a portfolio or a channel [default: system_ex_price].
    #[arg(long, value_name = "NAME")]
    pub(crate) scope: Option<String>,
    /// Take an asset's loss at market prices.
    #[arg(long, requires = "scope")]
    pub(crate) market: bool,
    /// Scenario of the run [default: base].
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario: Option<String>,
    /// Level of the tail [default: the highest whose tail has a hundred paths].
    #[arg(long, value_name = "LEVEL")]
    pub(crate) level: Option<f64>,
    /// Share of what the scope has that should not be lost, one of run.budgets [default: the least].
    #[arg(long, value_name = "SHARE")]
    pub(crate) budget: Option<f64>,
    /// Folder of the network, instead of the one that the result names.
    #[arg(long, value_name = "DIR")]
    pub(crate) network: Option<PathBuf>,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Reverse {
    /// The result folder of a run.
    #[arg(value_parser = local())]
    pub(crate) result: PathBuf,
    /// The least loss that is asked about: ">= 5 %" of what the scope has on day 0, or ">= 1,000" ETH.
    #[arg(long, value_name = "LOSS", allow_hyphen_values = true)]
    pub(crate) loss: String,
    /// Whose loss: system, an asset (by nav), a portfolio or a channel.
    #[arg(long, value_name = "NAME", default_value = "system_ex_price")]
    pub(crate) scope: String,
    /// Take an asset's loss at market prices.
    #[arg(long)]
    pub(crate) market: bool,
    /// Scenario of the run.
    #[arg(long, value_name = "NAME", default_value = "base")]
    pub(crate) scenario: String,
    /// Folder of the network, instead of the one that the result names.
    #[arg(long, value_name = "DIR")]
    pub(crate) network: Option<PathBuf>,
    /// Rows to print of each ranking.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) top: u16,
    /// Paths that lead there to look at closely, at most; more than these are sampled.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) paths: u32,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write all sets and patterns as a table too, to a file that is not there yet.
    #[arg(short, long, value_name = "FILE.parquet", value_parser = local())]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Arguments)]
pub(crate) struct Caps {
    /// The result folder of a run.
    #[arg(value_parser = local())]
    pub(crate) result: PathBuf,
    /// The policy of the treasury (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Scenario of the run that the proposal is made for; caps are of all of them.
    #[arg(long, value_name = "NAME", default_value = "base")]
    pub(crate) scenario: String,
    /// Folder of the network, instead of the one that the result names.
    #[arg(long, value_name = "DIR")]
    pub(crate) network: Option<PathBuf>,
    /// The first paths of the run alone, as many.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub(crate) paths: Option<u64>,
    /// Seed of the paths that the proposal is held against; one that follows from the run's by default.
    #[arg(long, value_name = "SEED", value_parser = clap::value_parser!(u64).range(..=9_223_372_036_854_775_807))]
    pub(crate) certificate_seed: Option<u64>,
    /// Print JSON instead of the page.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Folder for caps.parquet, caps.json and caps.md; without it nothing is written.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: Option<PathBuf>,
    /// Replace such a folder.
    #[arg(long, requires = "output")]
    pub(crate) overwrite: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Diff {
    /// Result folder A, written with detail = "paths".
    #[arg(value_parser = local())]
    pub(crate) a: PathBuf,
    /// Result folder B, of the same seed, horizon and number of paths; without it scenarios of A.
    #[arg(value_parser = local())]
    pub(crate) b: Option<PathBuf>,
    /// Scenario of A; base by default.
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario_a: Option<String>,
    /// Scenario of B; by default base of another folder, or each other scenario of the same.
    #[arg(long, value_name = "NAME")]
    pub(crate) scenario_b: Option<String>,
    /// Only these scopes: system, or names of assets, portfolios, channels.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    pub(crate) scope: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the differences as a table too, to a file that is not there yet.
    #[arg(short, long, value_name = "FILE.parquet", value_parser = local())]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Arguments)]
pub(crate) struct Schema {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the tables that are written as Markdown, as docs/formats.md has them.
    #[arg(long, conflicts_with = "json")]
    pub(crate) markdown: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Selftest {
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Arguments)]
pub(crate) struct Synth {
    /// Operators.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_OPERATORS)))]
    pub(crate) operators: u32,
    /// AVSs.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_AVSS)))]
    pub(crate) avs: u32,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Folder to make; synth-OPERATORSxAVS-SEED by default.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Arguments)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) protocol: Protocol,
}

/// Protocols whose snapshots can be imported.
#[derive(Debug, Subcommand)]
pub(crate) enum Protocol {
    /// EigenLayer operators, their shares by strategy, and their registrations with AVSs.
    Eigenlayer(Eigenlayer),
}

#[derive(Debug, Arguments)]
pub(crate) struct Eigenlayer {
    /// Operators: operator, name.
    #[arg(long, value_name = "FILE")]
    pub(crate) operators: PathBuf,
    /// Shares: operator, strategy, shares_wei.
    #[arg(long, value_name = "FILE")]
    pub(crate) shares: PathBuf,
    /// Strategies: strategy, token, decimals, eth_quorum_strategy.
    #[arg(long, value_name = "FILE")]
    pub(crate) strategies: PathBuf,
    /// Registrations: avs, operator.
    #[arg(long, value_name = "FILE")]
    pub(crate) edges: PathBuf,
    /// Names of AVSs: avs, name.
    #[arg(long, value_name = "FILE")]
    pub(crate) avs: Option<PathBuf>,
    /// LRT brand or company by operator; may be given more than once.
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Vec<PathBuf>,
    /// How AVSs share stake.
    #[arg(long)]
    pub(crate) sharing: SharingArgument,
    /// Fraction of an operator's stake that each AVS may slash: no snapshot has it.
    #[arg(long)]
    pub(crate) fraction: f64,
    /// Leave out AVSs with fewer operators.
    #[arg(long, default_value_t = 10)]
    pub(crate) min_operators: usize,
    /// Name of the network.
    #[arg(long, default_value = "eigenlayer")]
    pub(crate) name: String,
    /// The day of the snapshot, YYYY-MM-DD: no file says it. Without it the network says 1970-01-01.
    #[arg(long)]
    pub(crate) as_of: Option<String>,
    /// Folder to make.
    #[arg(short, long, value_name = "DIR", value_parser = local())]
    pub(crate) output: PathBuf,
}

/// How AVSs share stake.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SharingArgument {
    /// A unit of stake stands behind one AVS only; fractions are cut so that they sum to 1.
    Unique,
    /// A unit of stake may stand behind several.
    Shared,
}

/// A span of time as a number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds was expected".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

/// Takes a path of this machine: in stores, few commands read and write.
pub(crate) fn local() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| {
        let expected = "a path of this machine was expected; s3://BUCKET/PREFIX is taken by \
                        `run`, `merge`, and by RESULT and --output of `report`";
        if Place::is_address(&path) { Err(expected) } else { Ok(path) }
    })
}

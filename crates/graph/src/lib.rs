//! The exposure network of restaking: from tables as people write them to dense, checked arrays.
//!
//! Data walks one way: [`read_network`] turns a folder of tables into a [`NetworkSpec`] (as
//! written), [`resolve`] checks every row of it at once and gives a [`Network`] (cannot be wrong),
//! and [`facts`] computes what can be said of the network before anything happens. There is no
//! randomness here and no clock.

pub mod facts;
mod formula;
mod ids;
pub mod import;
mod network;
mod printable;
mod problem;
mod read;
mod resolve;
mod scaled;
mod sketch;
pub mod spec;
mod venues;
mod without;
mod write;

pub use ids::{
    AllocationId, AssetId, AvsId, ColumnId, EntityId, GroupId, HoldingId, MarketId, MemberId,
    OperatorId, PortfolioId, ReserveId, StakeId,
};
pub use network::{
    Allocation, Asset, Avs, Column, Group, GroupMember, Holder, Holding, Member, Network,
    NetworkMeta, Operator, Stake,
};
pub use printable::{is_unprintable, printable};
pub use problem::{Place, Problem, Problems, nearest};
pub use read::{TABLE_SHAPES, TableShape, read_network};
pub use resolve::{MOST_AVSS, MOST_OPERATORS, Resolved, load_network, resolve};
pub use sketch::Sketch;
pub use slashfall_bounded::{open_file, read_file, read_text};
pub use spec::{NetworkSpec, Yields};
pub use venues::{Loan, Market, Pool, Portfolio, Position, Reserve};
pub use without::Removal;
pub use write::{loans_csv, pools_csv, write_folder, write_network};

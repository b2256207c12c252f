//! What a path yields (section 9 of `docs/model.md`): the figures of its row, each named once, here.

use slashfall_graph::Network;

use crate::attribution::Channel;

macro_rules! figures {
    ($(#[$doc:meta])* $name:ident { $($variant:ident, $text:literal, $unit:literal, $meaning:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = $meaning] $variant,)+
        }

        impl $name {
            /// All of them, in the order in which a row has them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name in tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Unit: `eth`, `fraction`, `days` or `count`.
            #[must_use]
            pub fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit,)+ }
            }

            /// What it says.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)+ }
            }
        }
    };
}

figures! {
    /// Figures of a path as a whole.
    Figure {
        Total, "total", "eth", "nav loss of all holders, counted once, bad debt and loss of AVS users; positive is bad";
        Direct, "direct", "eth", "what the sources themselves destroyed or took, net of cover, and the fall of base-asset prices";
        Contagion, "contagion", "eth", "total less direct: what attacks slashed, bad debt, loss of AVS users";
        NavLoss, "holders_nav_loss", "eth", "loss of all holders by nav, counted once";
        MarketLoss, "holders_market_loss", "eth", "loss of all holders at market prices, counted once";
        Burned, "burned", "eth", "stake slashed and destroyed";
        Redistributed, "redistributed", "eth", "stake slashed or taken and handed on";
        Stolen, "stolen", "eth", "backing stolen";
        Beacon, "beacon", "eth", "penalties of slashed validators";
        Leak, "leak", "eth", "penalties of offline validators";
        BaseFall, "base_fall", "eth", "fall of base-asset prices on what was held";
        Minted, "minted", "eth", "worth at the horizon of units minted without backing";
        CoverPaid, "cover_paid", "eth", "paid by bonds and insurance";
        BadDebt, "bad_debt", "eth", "debt left without collateral by liquidations";
        BadDebtOpen, "bad_debt_open", "eth", "debt of open loans beyond their collateral at nav, at the horizon";
        BadDebtOpenMarket, "bad_debt_open_market", "eth", "the same at market prices; in no total";
        AvsUsersLoss, "avs_users_loss", "eth", "loss of users of attacked AVSs";
        Liquidated, "liquidated", "eth", "collateral seized, at oracle prices";
        Redeemed, "redeemed", "eth", "units paid out, at the nav of the day";
        Events, "events", "count", "sources that fired";
        OperatorsSlashed, "operators_slashed", "count", "operators slashed by an AVS or by the chain";
        AvssAttacked, "avss_attacked", "count", "AVSs attacked";
        Rounds, "rounds", "count", "rounds of the cascade in which something changed";
        TruncatedDays, "truncated_days", "count", "days whose rounds were cut off while something still changed";
        Depegs1, "depegs_1pct", "count", "wrapped assets whose worst discount to nav passed 1 %";
        Depegs5, "depegs_5pct", "count", "wrapped assets whose worst discount to nav passed 5 %";
        Depegs10, "depegs_10pct", "count", "wrapped assets whose worst discount to nav passed 10 %";
        BooksError, "books_error", "fraction", "holders' nav loss less the sum of the books, over the stake of day 0";
    }
}

figures! {
    /// Figures of a path for one wrapped asset.
    AssetFigure {
        NavLoss, "nav_loss", "fraction", "fall of nav over nav of day 0";
        MarketLoss, "market_loss", "fraction", "fall of the market price over that of day 0";
        WorstDiscount, "worst_discount", "fraction", "largest discount of price to nav at the end of a day";
        Queued, "queued", "fraction", "units that wait for redemption at the horizon, over the supply of day 0";
        LongestWait, "longest_wait", "days", "longest time that a redemption asked for on any day takes";
        CoverUsed, "cover_used", "eth", "paid by its bonds and insurance";
    }
}

figures! {
    /// Figures of a path for one portfolio.
    PortfolioFigure {
        Loss, "loss", "eth", "loss at market prices, less carry";
        Carry, "carry", "eth", "yield less interest";
    }
}

/// Where each figure stands in the row of a path: figures of the system, channels, wrapped assets,
/// portfolios.
///
/// Without wrapped assets many figures are 0 on every path. These stand in one place together, so that
/// rows of plain portfolios of stake are half as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    n_wrapped: usize,
    n_portfolios: usize,
}

impl Layout {
    /// The layout of a network's paths.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        Self { n_wrapped: network.n_wrapped(), n_portfolios: network.portfolios().len() }
    }

    /// Cells in a row.
    #[must_use]
    pub fn width(self) -> usize {
        self.portfolio(self.n_portfolios, PortfolioFigure::Loss)
    }

    /// Position of a figure of the system.
    #[must_use]
    pub fn system(self, figure: Figure) -> usize {
        self.place(figure as usize)
    }

    /// Position of the loss through a channel, in ETH.
    #[must_use]
    pub fn channel(self, channel: Channel) -> usize {
        self.place(Figure::ALL.len() + channel.index())
    }

    /// Position of a figure of the `index`-th wrapped asset.
    #[must_use]
    pub fn asset(self, index: usize, figure: AssetFigure) -> usize {
        self.n_common() + index * AssetFigure::ALL.len() + figure as usize
    }

    /// Position of a figure of the `index`-th portfolio.
    #[must_use]
    pub fn portfolio(self, index: usize, figure: PortfolioFigure) -> usize {
        self.n_common()
            + self.n_wrapped * AssetFigure::ALL.len()
            + index * PortfolioFigure::ALL.len()
            + figure as usize
    }

    /// Positions of all figures in the order of the lists above: system, channels, each wrapped asset,
    /// each portfolio.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        let common = (0..N_COMMON).map(move |number| self.place(number));
        common.chain(self.n_common()..self.width())
    }

    /// Whether what stands at a position is 0 on every path of the network.
    #[must_use]
    pub fn is_nothing(self, position: usize) -> bool {
        self.n_wrapped == 0 && position == N_OF_STAKE
    }

    /// Cells of figures that are of no asset and no portfolio.
    fn n_common(self) -> usize {
        if self.n_wrapped > 0 { N_COMMON } else { N_OF_STAKE + 1 }
    }

    fn place(self, number: usize) -> usize {
        if self.n_wrapped > 0 { number } else { PLACE_OF_STAKE[number] }
    }
}

/// Figures of the system, and channels.
const N_COMMON: usize = Figure::ALL.len() + Channel::ALL.len();
/// Those of them that can differ from 0 without wrapped assets.
const N_OF_STAKE: usize = {
    let (mut number, mut n) = (0, 0);
    while number < N_COMMON {
        n += is_of_stake(number) as usize;
        number += 1;
    }
    n
};
/// Where they stand without wrapped assets; the others, all 0, after them in one place.
const PLACE_OF_STAKE: [usize; N_COMMON] = {
    let (mut number, mut n) = (0, 0);
    let mut places = [N_OF_STAKE; N_COMMON];
    while number < N_COMMON {
        if is_of_stake(number) {
            places[number] = n;
            n += 1;
        }
        number += 1;
    }
    places
};

/// Whether a figure of the system or a channel, counted through, can differ from 0 without wrapped
/// assets: there is then nothing to steal, mint, insure, lend against, redeem or sell at a discount.
const fn is_of_stake(number: usize) -> bool {
    if number < Figure::ALL.len() {
        !matches!(
            Figure::ALL[number],
            Figure::Stolen
                | Figure::Minted
                | Figure::CoverPaid
                | Figure::BadDebt
                | Figure::BadDebtOpen
                | Figure::BadDebtOpenMarket
                | Figure::Liquidated
                | Figure::Redeemed
                | Figure::Depegs1
                | Figure::Depegs5
                | Figure::Depegs10
        )
    } else {
        !matches!(
            Channel::ALL[number - Figure::ALL.len()],
            Channel::Theft
                | Channel::Dilution
                | Channel::Cover
                | Channel::BadDebt
                | Channel::Discount
        )
    }
}

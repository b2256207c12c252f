//! Work on all threads whose results one thread takes in order while the others go on.
//!
//! There are no rounds after which all wait for the slowest: as soon as a result is taken the next
//! piece of work may begin, and who would wait for a result works meanwhile.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rayon::Yield;

/// Runs `run` on each input on the threads of the current rayon pool, at most `ahead` (at least 1) of
/// them and the one in delivery at a time, and hands what came out to `deliver` on the calling thread,
/// in the order of the inputs. Stops when `deliver` says so.
pub(crate) fn in_order<I: Send, T: Send>(
    inputs: impl IntoIterator<Item = I>,
    ahead: usize,
    run: impl Fn(I) -> T + Sync,
    mut deliver: impl FnMut(T) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let results = Results::default();
    let mut inputs = (0..).zip(inputs);
    let mut n_begun = 0;
    rayon::in_place_scope_fifo(|scope| {
        let mut begin = || {
            if let Some((number, input)) = inputs.next() {
                n_begun = number + 1;
                let (results, run) = (&results, &run);
                scope.spawn_fifo(move |_| results.work(number, || run(input)));
            }
            n_begun
        };
        let mut begun = 0;
        for _ in 0..ahead.max(1) {
            begun = begin();
        }
        let mut flow = ControlFlow::Continue(());
        let mut number = 0;
        while number < begun && flow.is_continue() {
            let Some(result) = results.wait_for(number) else { break };
            begun = begin();
            flow = deliver(result);
            number += 1;
        }
        results.is_over.store(true, Ordering::Relaxed);
        flow
    })
}

/// Results that nobody has taken yet.
struct Results<T> {
    by_number: Mutex<BTreeMap<u64, T>>,
    /// Told whenever there is one more, or will be none.
    arrived: Condvar,
    /// True when no more results are wanted, or a thread has panicked.
    is_over: AtomicBool,
}

impl<T> Default for Results<T> {
    fn default() -> Self {
        let by_number = Mutex::default();
        Self { by_number, arrived: Condvar::new(), is_over: AtomicBool::new(false) }
    }
}

impl<T> Results<T> {
    /// Works, if results are still wanted.
    fn work(&self, number: u64, run: impl FnOnce() -> T) {
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
        let fuse = Fuse(self);
        let result = run();
        std::mem::forget(fuse);
        lock(&self.by_number).insert(number, result);
        self.arrived.notify_one();
    }

    /// A result, for which this thread works where it would wait; none where a thread has panicked.
    fn wait_for(&self, number: u64) -> Option<T> {
        loop {
            let taken = lock(&self.by_number).remove(&number);
            if taken.is_some() {
                return taken;
            }
            // No lock is held here: the work that is done meanwhile takes it.
            let has_worked = rayon::yield_now() == Some(Yield::Executed);
            let mut results = lock(&self.by_number);
            while !has_worked && !results.contains_key(&number) {
                if self.is_over.load(Ordering::Relaxed) {
                    return None;
                }
                results = self.arrived.wait(results).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

/// Goes off where a thread panics: who waits for its result would wait for ever. The panic goes on where
/// the scope of the threads ends.
struct Fuse<'r, T>(&'r Results<T>);

impl<T> Drop for Fuse<'_, T> {
    fn drop(&mut self) {
        let _results = lock(&self.0.by_number);
        self.0.is_over.store(true, Ordering::Relaxed);
        self.0.arrived.notify_one();
    }
}

/// A thread that panicked takes all with it; until then what it held is as good as ever.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn on_threads<R: Send>(n: usize, work: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap().install(work)
    }

    /// Work of uneven length, which keeps some threads behind others.
    fn spin(n: u64) -> u64 {
        (0..(n * 7_919) % 5_000).fold(n, |x, y| std::hint::black_box(x ^ y));
        n * n
    }

    #[test]
    fn results_come_in_order_and_no_more_than_that_are_ahead() {
        for threads in 1..5 {
            for ahead in [1, 2, 7] {
                let (most, now) = (AtomicUsize::new(0), AtomicUsize::new(0));
                let taken = on_threads(threads, || {
                    let mut taken = Vec::new();
                    let run = |n| {
                        let here = now.fetch_add(1, Ordering::SeqCst) + 1;
                        most.fetch_max(here, Ordering::SeqCst);
                        spin(n)
                    };
                    let flow = in_order(0..500, ahead, run, |square| {
                        now.fetch_sub(1, Ordering::SeqCst);
                        taken.push(square);
                        ControlFlow::Continue(())
                    });
                    assert!(flow.is_continue());
                    taken
                });
                assert!(taken.into_iter().eq((0..500).map(|n| n * n)));
                assert!(most.into_inner() <= ahead + 1);
            }
        }
    }

    #[test]
    fn it_stops_when_told() {
        for threads in [1, 3] {
            let mut taken = Vec::new();
            let flow = on_threads(threads, || {
                in_order(0..1_000_000_u64, 4, spin, |square| {
                    taken.push(square);
                    if taken.len() == 5 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                })
            });
            assert!(flow.is_break());
            assert_eq!(taken, [0, 1, 4, 9, 16]);
        }
        assert!(in_order(0..0_u64, 4, spin, |_| ControlFlow::Break(())).is_continue());
    }

    #[test]
    fn a_panic_is_not_waited_for() {
        for threads in [1, 2] {
            let run = |n: u64| if n == 7 { panic!("at seven") } else { n };
            let caught = std::panic::catch_unwind(|| {
                on_threads(threads, || in_order(0..100, 3, run, |_| ControlFlow::Continue(())))
            });
            assert!(caught.is_err());
        }
    }

    /// From outside a pool, and where what takes the results works on all threads too.
    #[test]
    fn it_nests() {
        use rayon::prelude::*;
        let sum = |n: u64| (0..n).into_par_iter().sum::<u64>();
        for work in
            [|f: &mut (dyn FnMut() + Send)| f(), |f: &mut (dyn FnMut() + Send)| on_threads(2, f)]
        {
            let mut taken = Vec::new();
            work(&mut || {
                let flow = in_order(0..200, 4, spin, |square| {
                    taken.push(sum(square / 100));
                    ControlFlow::Continue(())
                });
                assert!(flow.is_continue());
            });
            assert!(taken.into_iter().eq((0..200).map(|n| sum(n * n / 100))));
        }
    }
}

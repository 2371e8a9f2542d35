//! What the benchmarks share: a counter of allocations, and generated mail.

pub mod cache;
pub mod hostile;
pub mod inputs;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// Whether octets are counted too: only on demand, since it would slow down whoever allocates much.
static WEIGHING: AtomicBool = AtomicBool::new(false);
static HELD: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);

fn weigh(octets: i64) {
    if WEIGHING.load(Ordering::Relaxed) {
        let held = HELD.fetch_add(octets, Ordering::Relaxed) + octets;
        PEAK.fetch_max(held, Ordering::Relaxed);
    }
}

/// The system's allocator, counted.
struct Counting;

// SAFETY: everything is the system allocator's; only a number goes up beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        weigh(layout.size() as i64);
        // SAFETY: as the caller promised us.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        weigh(-(layout.size() as i64));
        // SAFETY: as the caller promised us.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        weigh(size as i64 - layout.size() as i64);
        // SAFETY: as the caller promised us.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often `work` allocates, growing of what is there included. Run it once before, so that buffers which are kept are there.
pub fn allocations<T>(work: impl FnOnce() -> T) -> u64 {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    std::hint::black_box(work());
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// How many octets `work` has on the heap at most, beyond what was there before.
pub fn peak<T>(work: impl FnOnce() -> T) -> u64 {
    HELD.store(0, Ordering::Relaxed);
    PEAK.store(0, Ordering::Relaxed);
    WEIGHING.store(true, Ordering::Relaxed);
    std::hint::black_box(work());
    WEIGHING.store(false, Ordering::Relaxed);
    PEAK.load(Ordering::Relaxed).max(0) as u64
}

/// Prints how often one run of `work` allocates, for `operations` operations in it.
pub fn report_allocations<T>(name: &str, operations: u64, mut work: impl FnMut() -> T) {
    std::hint::black_box(work());
    let count = allocations(work);
    println!("{name}: {:.2} allocations per operation", count as f64 / operations as f64);
}

use core::time::Duration;

use wire::Wants;

/// What all sessions have in common, as far as a driver needs it. The crates have no such trait, since nobody who drives one session needs it.
pub trait Session {
    /// Where the next bytes from the peer may be written.
    fn space(&mut self) -> &mut [u8];
    /// Says that `n` bytes came in there.
    fn received(&mut self, n: usize, now: Duration);
    /// Copies bytes in, and says how many there was room for.
    fn receive(&mut self, bytes: &[u8], now: Duration) -> usize;
    /// Says that the peer will send nothing more.
    fn closed(&mut self, now: Duration);
    /// What is to be sent.
    fn transmit(&self) -> &[u8];
    /// Says that the first `n` bytes of it are sent.
    fn transmitted(&mut self, n: usize, now: Duration);
    /// What the session waits for.
    fn wants(&self) -> Wants;
    /// When to call [`tick`](Self::tick).
    fn deadline(&self) -> Option<Duration>;
    /// Says what time it is.
    fn tick(&mut self, now: Duration);
    /// How many bytes its buffers hold.
    fn memory(&self) -> usize;
}

macro_rules! session {
    ($($type:ty),+) => { $(
        impl Session for $type {
            fn space(&mut self) -> &mut [u8] {
                self.space()
            }
            fn received(&mut self, n: usize, now: Duration) {
                self.received(n, now);
            }
            fn receive(&mut self, bytes: &[u8], now: Duration) -> usize {
                self.receive(bytes, now)
            }
            fn closed(&mut self, now: Duration) {
                self.closed(now);
            }
            fn transmit(&self) -> &[u8] {
                self.transmit()
            }
            fn transmitted(&mut self, n: usize, now: Duration) {
                self.transmitted(n, now);
            }
            fn wants(&self) -> Wants {
                self.wants()
            }
            fn deadline(&self) -> Option<Duration> {
                self.deadline()
            }
            fn tick(&mut self, now: Duration) {
                self.tick(now);
            }
            fn memory(&self) -> usize {
                self.memory()
            }
        }
    )+ };
}

session!(smtp_proto::Server, smtp_proto::Client, pop3_proto::Server, pop3_proto::Client);

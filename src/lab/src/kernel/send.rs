//! Many probes at once, and what comes of each, without waiting for time-outs: a packet that is
//! dropped is in the log of its namespace by the time that its sender could wonder.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use cloudfw_core::Leg;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::KernelError;
use super::drops::{Fate, Mark};
use super::index::Index;
use super::plan::{SiteId, SpaceId};
use super::probe::{Ask, Followed, Observed, Outcome, Probe};
use super::raise::Raised;
use super::socket::{Client, Ear, Listener};
use super::space::apart;

/// How long a probe is waited for that nobody answered and nobody dropped.
const PATIENCE: Duration = Duration::from_secs(3);

/// When datagrams and echo requests without any outcome are sent again, as TCP does itself: a
/// packet may be lost in a queue of a busy machine.
const AGAIN: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1200)];

/// How long an answer to a rejected packet is waited for; some clients do not get to see it.
const ANSWER: Duration = Duration::from_millis(300);

/// Probes on the way at the same time: less than what the kernel's queue between two devices
/// holds.
const IN_FLIGHT: usize = 128;

impl Raised {
    /// Sends the probes, all at once, and says what came of each, in their order.
    ///
    /// # Errors
    /// When a probe is not one of this plan, or shares its port with another one.
    pub fn send(&mut self, probes: &[Probe]) -> Result<Vec<Observed>, KernelError> {
        Ok(self.follow(probes)?.into_iter().map(|followed| followed.observed).collect())
    }

    /// The same, with the lines that let packets pass, as far as these write them down.
    ///
    /// # Errors
    /// As of [`Raised::send`].
    pub fn follow(&mut self, probes: &[Probe]) -> Result<Vec<Followed>, KernelError> {
        let raised = &*self;
        let followed = apart(vec![Box::new(|| Batch::new(raised, probes)?.run())])?;
        Ok(followed.into_iter().flatten().collect())
    }
}

/// Probes on their way.
struct Batch<'a> {
    raised: &'a Raised,
    poll: Epoll,
    flights: Vec<Flight<'a>>,
    listeners: Vec<Listener>,
    index: Index,
    /// Flights that have been sent and have no outcome.
    waiting: usize,
}

/// A probe on its way.
struct Flight<'a> {
    probe: &'a Probe,
    client: Option<Client>,
    outcome: Option<Outcome>,
    dropped: BTreeSet<(SiteId, Leg)>,
    passed: BTreeSet<(SiteId, Leg)>,
    /// When it was first rejected with an answer to the client.
    rejected: Option<Instant>,
}

/// What something that happens belongs to.
#[derive(Clone, Copy)]
enum Source {
    Client(usize),
    Listener(usize),
    Log(usize),
}

impl<'a> Batch<'a> {
    fn new(raised: &'a Raised, probes: &'a [Probe]) -> Result<Batch<'a>, KernelError> {
        let poll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(watching)?;
        let index = Index::of(probes)?;
        let flights = probes.iter().map(Flight::new).collect();
        let batch = Batch { raised, poll, flights, listeners: Vec::new(), index, waiting: 0 };
        for (id, log) in raised.logs.iter().enumerate() {
            // What an earlier batch left.
            log.read(|_, _| {})?;
            batch.poll.add(log, Source::Log(id).wanted()).map_err(watching)?;
        }
        Ok(batch)
    }

    fn run(mut self) -> Result<Vec<Followed>, KernelError> {
        self.listen()?;
        self.depart()?;
        let start = Instant::now();
        let mut again = AGAIN.iter();
        let mut next = again.next();
        while self.waiting > 0 && start.elapsed() < PATIENCE {
            self.turn(20)?;
            self.give_up_on_answers();
            if next.is_some_and(|next| start.elapsed() >= *next) {
                self.repeat();
                next = again.next();
            }
        }
        // An answer to a rejected packet may overtake the log.
        for id in 0..self.raised.logs.len() {
            self.read_log(id)?;
        }
        Ok(self.flights.into_iter().map(Flight::land).collect())
    }

    fn listen(&mut self) -> Result<(), KernelError> {
        let mut ears: BTreeMap<SpaceId, BTreeSet<Ear>> = BTreeMap::new();
        for flight in &self.flights {
            if let Some((space, address)) = flight.probe.listener {
                ears.entry(space).or_default().extend(Ear::of(address, flight.probe.ask));
            }
        }
        for (space, ears) in ears {
            self.raised.enter(space)?;
            for ear in ears {
                let listener = Listener::open(ear)?;
                if listener.answers() {
                    let wanted = Source::Listener(self.listeners.len()).wanted();
                    self.poll.add(&listener.socket, wanted).map_err(watching)?;
                }
                self.listeners.push(listener);
            }
        }
        Ok(())
    }

    fn depart(&mut self) -> Result<(), KernelError> {
        let mut order: Vec<usize> = (0..self.flights.len()).collect();
        order.sort_by_key(|id| self.flights.get(*id).map(|flight| flight.probe.source));
        let mut space = None;
        for (count, id) in order.into_iter().enumerate() {
            let Some(flight) = self.flights.get_mut(id) else { continue };
            if space != Some(flight.probe.source) {
                space = Some(flight.probe.source);
                self.raised.enter(flight.probe.source)?;
            }
            let client = Client::open(flight.probe)?;
            flight.outcome = client.outcome;
            if flight.outcome.is_none() {
                let mut wanted = Source::Client(id).wanted();
                if let Ask::Tcp(_) = flight.probe.ask {
                    // Connected when it could write.
                    wanted = EpollEvent::new(wanted.events() | EpollFlags::EPOLLOUT, wanted.data());
                }
                self.poll.add(&client.socket, wanted).map_err(watching)?;
                self.waiting += 1;
            }
            flight.client = Some(client);
            if self.waiting > IN_FLIGHT {
                self.turn(5)?;
            } else if count % 16 == 15 {
                self.turn(0)?;
            }
        }
        Ok(())
    }

    /// Looks at what has happened, waiting up to so many milliseconds for something.
    fn turn(&mut self, wait: u16) -> Result<(), KernelError> {
        let mut events = [EpollEvent::empty(); 256];
        let count = match self.poll.wait(&mut events, EpollTimeout::from(wait)) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(watching(errno)),
        };
        let mut logs = Vec::new();
        for event in events.iter().take(count) {
            match Source::read(event.data()) {
                Source::Client(id) => self.read_client(id, event.events())?,
                Source::Listener(id) => {
                    if let Some(listener) = self.listeners.get(id) {
                        listener.answer();
                    }
                }
                Source::Log(id) => logs.push(id),
            }
        }
        // Last: what a client has seen counts more than that a packet of its was dropped.
        logs.into_iter().try_for_each(|id| self.read_log(id))
    }

    fn read_client(&mut self, id: usize, events: EpollFlags) -> Result<(), KernelError> {
        let Some(flight) = self.flights.get_mut(id) else { return Ok(()) };
        let Some(client) = &flight.client else { return Ok(()) };
        let Some(outcome) = client.read(flight.probe.ask, events.contains(EpollFlags::EPOLLOUT))
        else {
            return Ok(());
        };
        self.poll.delete(&client.socket).map_err(watching)?;
        if flight.outcome.is_none() {
            flight.outcome = Some(outcome);
            self.waiting -= 1;
        }
        Ok(())
    }

    fn read_log(&mut self, id: usize) -> Result<(), KernelError> {
        let Some(log) = self.raised.logs.get(id) else { return Ok(()) };
        log.read(|mark, packet| {
            let Some((probe, leg)) = self.index.find(&packet) else { return };
            let Some(flight) = self.flights.get_mut(probe) else { return };
            if flight.note(mark, leg) && flight.outcome.is_none() {
                flight.outcome = Some(Outcome::TimedOut);
                self.waiting -= 1;
            }
        })
    }

    fn give_up_on_answers(&mut self) {
        for flight in &mut self.flights {
            let silent = flight.rejected.is_some_and(|since| since.elapsed() > ANSWER);
            if silent && flight.outcome.is_none() {
                flight.outcome = Some(Outcome::TimedOut);
                self.waiting -= 1;
            }
        }
    }

    fn repeat(&mut self) {
        for flight in &mut self.flights {
            if let (None, Some(client)) = (flight.outcome, &mut flight.client) {
                client.send(flight.probe);
                if client.outcome.is_some() {
                    flight.outcome = client.outcome;
                    self.waiting -= 1;
                }
            }
        }
    }
}

impl<'a> Flight<'a> {
    fn new(probe: &'a Probe) -> Flight<'a> {
        let (dropped, passed) = (BTreeSet::new(), BTreeSet::new());
        Flight { probe, client: None, outcome: None, dropped, passed, rejected: None }
    }

    /// Takes down where a packet of it ended or passed; whether nothing can come any more.
    fn note(&mut self, mark: Mark, leg: Leg) -> bool {
        if mark.fate == Fate::Passes {
            self.passed.insert((mark.site, leg));
            return false;
        }
        self.dropped.insert((mark.site, leg));
        // The answer to a rejected reply goes to the server.
        let answered = mark.fate == Fate::Answered && leg == Leg::Forward;
        if answered {
            self.rejected.get_or_insert_with(Instant::now);
        }
        !answered
    }

    fn land(self) -> Followed {
        let outcome = self.outcome.unwrap_or(Outcome::TimedOut);
        let dropped = self.dropped.into_iter().collect();
        let passed = self.passed.into_iter().collect();
        Followed { observed: Observed { outcome, dropped }, passed }
    }
}

impl Source {
    fn wanted(self) -> EpollEvent {
        let (kind, id) = match self {
            Source::Client(id) => (0, id),
            Source::Listener(id) => (1, id),
            Source::Log(id) => (2, id),
        };
        EpollEvent::new(EpollFlags::EPOLLIN, kind << 32 | id as u64)
    }

    fn read(data: u64) -> Source {
        let id = (data & u64::from(u32::MAX)) as usize;
        match data >> 32 {
            0 => Source::Client(id),
            1 => Source::Listener(id),
            _ => Source::Log(id),
        }
    }
}

fn watching(errno: Errno) -> KernelError {
    KernelError::system("watch sockets", errno)
}

//! Routes: which version a request meets whatever the shares are, and copies of requests that nobody waits for.
//!
//! | what | who |
//! |---|---|
//! | by header | users who send one of the headers meet the version that the route leads to |
//! | sticky | with shares by version, a user meets the same version again while the shares grow one way |
//! | mirror | a share of the requests is copied to a version; the copy works as the original does, and its answer is thrown away |
//! | test | a request that no user sends; it works as any other, and its answer is told to whoever sent it |
//!
//! A copy calls other services as the original does, and writes what it writes: mirroring is not free of consequences. It knows
//! no deployments; who routes what, and when, is decided elsewhere.

use super::balance::Group;
use super::command::{Caller, Notice};
use super::record::Site;
use super::row::{Cold, NONE, Row, State, flag};
use super::{Kernel, OK};
use crate::ids::{EndpointId, InstanceId, ServiceId, UserHeaderId, VersionId};
use crate::rng::{Stream, purpose};
use crate::units::Ratio;

/// What marks the row of a copy: it has no parent, and this in place of the parent's key.
const COPY: u32 = u32::MAX;

/// What marks the row of a test request, in the same way.
const TEST: u32 = u32::MAX - 1;

/// The routes to a service, besides the shares of its versions.
#[derive(Debug, Default)]
pub(super) struct Routes {
    /// Whether a user stays with a version while shares grow.
    pub(super) sticky: bool,
    /// Users who send one of these headers, and where they are led.
    headers: Vec<(UserHeaderId, Ratio)>,
    to: Option<(u16, Group)>,
    /// Which share of the requests is copied, to which version, and who of it can take the copies.
    mirror: Option<(f64, u16, Vec<u32>)>,
}

impl Routes {
    pub(super) fn new(sticky: bool) -> Self {
        Self { sticky, ..Self::default() }
    }
    /// Whether some requests are copied.
    pub(super) const fn mirrors(&self) -> bool {
        self.mirror.is_some()
    }
}

/// Whether a user sends a header: each header is sent by users of its own choosing.
pub fn sends(user: u32, header: UserHeaderId, share: Ratio) -> bool {
    Stream::from_key(u64::from(user)).child(purpose::HEADER).child(u64::from(header.0)).uniform() < share.get()
}

/// Whether a row is a copy or a test request: nobody's, though it works.
pub(super) const fn is_nobodys(parent: u32, parent_tag: u32) -> bool {
    parent == NONE && parent_tag >= TEST
}

/// Whether a row is a test request.
const fn is_test(parent: u32, parent_tag: u32) -> bool {
    parent == NONE && parent_tag == TEST
}

impl Kernel {
    /// Leads users who send one of these headers to a version; nobody if there are none.
    pub(super) fn set_header_route(&mut self, service: ServiceId, version: VersionId, headers: &[UserHeaderId]) {
        let shares = headers.iter().map(|header| (*header, self.headers[header.index()])).collect();
        let routes = &mut self.services[service.index()].routes;
        routes.headers = shares;
        routes.to = (!routes.headers.is_empty()).then(|| (version.0, Group::default()));
        self.review_routes(service.index());
    }

    /// Copies a share of the requests to a version.
    pub(super) fn set_mirror(&mut self, service: ServiceId, version: VersionId, share: Ratio) {
        self.services[service.index()].routes.mirror = (share > Ratio::ZERO).then(|| (share.get(), version.0, Vec::new()));
        self.review_routes(service.index());
    }

    /// Works out whether requests to a service take the long way, and who is at the end of its routes.
    pub(super) fn review_routes(&mut self, index: usize) {
        let service = &mut self.services[index];
        let stations = &self.stations;
        let of = |version: u16| service.rotation.iter().copied().filter(|&target| stations[target as usize].version == version).collect();
        if let Some((version, group)) = &mut service.routes.to {
            group.set_targets(of(*version));
        }
        if let Some((_, version, targets)) = &mut service.routes.mirror {
            *targets = of(*version);
        }
        service.choosy = service.slow_starting || service.routes.sticky || service.routes.to.is_some();
    }

    /// Where the headers of a user lead.
    pub(super) fn pick_by_header(&mut self, service: u16, user: u32, stream: &mut Stream) -> Option<u32> {
        let now = self.now;
        let service = &mut self.services[usize::from(service)];
        let (_, group) = service.routes.to.as_mut().filter(|(_, group)| !group.targets.is_empty())?;
        let led = service.routes.headers.iter().any(|(header, share)| sends(user, *header, *share));
        led.then(|| service.balancer.pick(group, &mut self.loads, stream, user, now))
    }

    /// An attempt that has its target: perhaps it is copied.
    pub(super) fn mirror(&mut self, id: u32, service: u16) {
        let row = self.rows.hot[id as usize];
        if row.flags & (flag::DETACHED | flag::PROBE | flag::MESSAGE | flag::TASK) != 0 {
            return;
        }
        let Some((share, _, targets)) = &self.services[usize::from(service)].routes.mirror else { return };
        let mut stream = Stream::from_key(row.key).child(purpose::MIRROR);
        if targets.is_empty() || !stream.chance(*share) {
            return;
        }
        let target = targets[stream.below(targets.len() as u32) as usize];
        let copy = self.take_row();
        self.rows.hot[copy as usize] = Row {
            key: stream.child(1).key(),
            sent: self.now,
            received: self.now,
            parent: NONE,
            parent_tag: COPY,
            instance: target,
            site: row.site,
            user: row.user,
            flags: flag::DETACHED,
            state: State::Waiting,
            outcome: OK,
            ..Row::FREE
        };
        self.rows.cold[copy as usize] = Cold { intended: self.now, deadline: u64::MAX, twin: copy, ..Cold::default() };
        self.arrive(copy);
    }

    /// Sends a test request to an instance, or to whomever the load balancer chooses. As a copy's, its way there and back
    /// takes no time.
    pub(super) fn test(&mut self, endpoint: EndpointId, instance: Option<InstanceId>, user: u32, token: u64) {
        // It is labelled as a request of those who ask for this endpoint, the users if they do: sources come after services.
        let asks = |label: &Site| label.to == endpoint && !matches!(label.caller, Caller::Queue(_));
        let Some(site) = self.labels.iter().rposition(asks) else {
            self.notices.push(Notice::Tested { token, ok: false });
            return;
        };
        let id = self.take_row();
        let key = self.root.child(purpose::TEST).child(self.tests).key();
        self.tests += 1;
        self.rows.hot[id as usize] = Row {
            key,
            sent: self.now,
            received: self.now,
            parent: NONE,
            parent_tag: TEST,
            site: site as u32,
            user,
            flags: flag::DETACHED,
            state: State::Waiting,
            outcome: OK,
            ..Row::FREE
        };
        self.rows.cold[id as usize] = Cold { intended: token, deadline: u64::MAX, twin: id, ..Cold::default() };
        let target = instance.map_or_else(|| self.pick(id, self.sites[site].service, user), |instance| instance.0);
        if target == NONE {
            self.rows.free(id);
            self.notices.push(Notice::Tested { token, ok: false });
            return;
        }
        self.rows.hot[id as usize].instance = target;
        self.arrive(id);
    }

    /// Somebody waits for the answer of a test request, though no client does.
    pub(super) fn test_ended(&mut self, id: u32, answered: bool) {
        let row = &self.rows.hot[id as usize];
        if is_test(row.parent, row.parent_tag) {
            self.notices.push(Notice::Tested { token: self.rows.cold[id as usize].intended, ok: answered });
        }
    }
}

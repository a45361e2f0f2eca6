//! Message queues: messages wait, are received by consumers, and come back if they are not deleted in time.
//!
//! The rules are Amazon SQS's: a received message is invisible for the visibility timeout; a consumer that succeeds
//! deletes it; one that fails, dies or is too slow leaves it to reappear; after enough receives it is a dead letter.

use std::collections::VecDeque;

use super::Kernel;
use super::model::{MessageQueue, Model};
use super::row::{NONE, Row, State, flag};
use super::timer::FifoKind;
use crate::ids::QueueId;
use crate::rng::{Stream, purpose};

/// A queue, running.
#[derive(Debug)]
pub(super) struct Queue {
    params: MessageQueue,
    consumer_service: u16,
    site: u32,
    messages: Vec<Message>,
    free: Vec<u32>,
    visible: VecDeque<u32>,
    in_flight: u32,
    dead: u64,
    fifo: u16,
    cursor: usize,
}

#[derive(Debug, Clone, Copy)]
struct Message {
    key: u64,
    user: u32,
    receives: u32,
    /// Counts the uses of this slot and the receives, so that a late visibility timeout is recognised.
    ticket: u32,
}

/// What can be seen of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueView {
    /// Messages waiting to be received.
    pub visible: u64,
    /// Messages received and not yet deleted.
    pub in_flight: u64,
    /// Dead letters so far.
    pub dead: u64,
}

impl Kernel {
    pub(super) fn open_queues(&mut self, model: &Model) {
        for (index, params) in model.queues.iter().enumerate() {
            let fifo = self.fifo(FifoKind::Visibility(index as u16), params.visibility_timeout.nanos());
            self.queues.push(Queue {
                params: params.clone(),
                consumer_service: model.endpoints[params.consumer.index()].service.0,
                site: self.program.queue_sites[index],
                messages: Vec::new(),
                free: Vec::new(),
                visible: VecDeque::new(),
                in_flight: 0,
                dead: 0,
                fifo,
                cursor: 0,
            });
        }
    }

    /// What can be seen of a queue.
    pub fn queue(&self, queue: QueueId) -> QueueView {
        let queue = &self.queues[queue.index()];
        QueueView { visible: queue.visible.len() as u64, in_flight: u64::from(queue.in_flight), dead: queue.dead }
    }

    /// Puts a message into a queue.
    pub(super) fn publish(&mut self, id: u32, index: u16, counter: u64) {
        let row = self.rows.hot[id as usize];
        let key = Stream::from_key(row.key).child(purpose::MESSAGE << 32 | counter).key();
        let queue = &mut self.queues[usize::from(index)];
        let slot = queue.free.pop().unwrap_or_else(|| {
            queue.messages.push(Message { key: 0, user: 0, receives: 0, ticket: 0 });
            queue.messages.len() as u32 - 1
        });
        let message = &mut queue.messages[slot as usize];
        *message = Message { key, user: row.user, receives: 0, ticket: message.ticket + 1 };
        queue.visible.push_back(slot);
        self.deliveries.push(index);
    }

    /// Hands visible messages to consumers that have room.
    pub(super) fn deliver_messages(&mut self, index: u16) {
        loop {
            let queue = &mut self.queues[usize::from(index)];
            let Some(&slot) = queue.visible.front() else { return };
            let service = usize::from(queue.consumer_service);
            let targets = &self.services[service].rotation;
            let stations = &self.stations;
            let n = targets.len();
            let room = (0..n).map(|step| (queue.cursor + step) % n).find(|&at| {
                let station = &stations[targets[at] as usize];
                station.up && station.consuming < queue.params.concurrency
            });
            let Some(at) = room else { return };
            let target = targets[at];
            queue.cursor = at + 1;
            queue.visible.pop_front();
            queue.in_flight += 1;
            let message = &mut queue.messages[slot as usize];
            message.receives += 1;
            message.ticket += 1;
            let (ticket, fifo, site) = (message.ticket, queue.fifo, queue.site);
            let key = Stream::from_key(message.key).child(u64::from(message.receives)).key();
            let user = message.user;
            let attempt = (message.receives - 1).min(255) as u8;
            self.stations[target as usize].consuming += 1;
            let id = self.take_row();
            self.rows.hot[id as usize] = Row {
                key,
                sent: self.now,
                received: self.now,
                instance: target,
                site,
                user,
                attempt,
                flags: flag::MESSAGE,
                state: State::Waiting,
                ..Row::FREE
            };
            self.rows.cold[id as usize] = super::row::Cold { message: slot, client: ticket, queue: index, ..super::row::Cold::default() };
            self.wait_in(fifo, slot, ticket);
            self.arrive(id);
        }
    }

    /// A consumer ended with a message.
    pub(super) fn message_ended(&mut self, id: u32, ok: bool) {
        let (row, cold) = (self.rows.hot[id as usize], self.rows.cold[id as usize]);
        let index = cold.queue;
        if row.instance != NONE {
            let station = &mut self.stations[row.instance as usize];
            station.consuming = station.consuming.saturating_sub(1);
        }
        let queue = &mut self.queues[usize::from(index)];
        let message = &mut queue.messages[cold.message as usize];
        if ok && message.ticket == cold.client {
            message.ticket += 1;
            queue.in_flight -= 1;
            queue.free.push(cold.message);
        }
        self.deliveries.push(index);
    }

    /// A visibility timeout is over: a message that was not deleted is visible again, or dead.
    pub(super) fn reappear(&mut self, index: u16, slot: u32, ticket: u32) {
        let queue = &mut self.queues[usize::from(index)];
        let message = &mut queue.messages[slot as usize];
        if message.ticket != ticket {
            return;
        }
        queue.in_flight -= 1;
        if queue.params.max_receives.is_some_and(|most| message.receives >= most) {
            message.ticket += 1;
            queue.dead += 1;
            queue.free.push(slot);
        } else {
            queue.visible.push_back(slot);
            self.deliveries.push(index);
        }
    }

    /// Consumers of a service have room again, or joined.
    pub(super) fn consumers_changed(&mut self, service: u16) {
        let fed = (0..self.queues.len()).filter(|&index| self.queues[index].consumer_service == service);
        self.deliveries.extend(fed.map(|index| index as u16));
    }
}

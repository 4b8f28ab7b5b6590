//! What is answered. Pure: bytes in, bytes out.

use crate::challenge::{Challenges, PublishError};
use domain::base::iana::{Class, Opcode, OptRcode, Rcode};
use domain::base::message_builder::{AdditionalBuilder, AnswerBuilder, PushError};
use domain::base::name::{Label, ParsedName, ToName};
use domain::base::{Message, MessageBuilder, Name, Rtype, Serial, StaticCompressor, Ttl};
use domain::rdata::{A, Ns, Soa, Txt};
use std::net::Ipv4Addr;

/// Longest query that is looked at, in bytes: more than any with one question needs.
pub const QUERY_MAX: usize = 512;
/// Longest answer over UDP where the asker says nothing (RFC 1035 section 4.2.1), and where it does (flag day 2020).
const UDP_PLAIN: usize = 512;
const UDP_EDNS: u16 = 1232;
/// An address of a device never changes.
const TTL_ADDRESS: Ttl = Ttl::from_secs(3600);
/// Challenges come and go; so does their absence.
const TTL_CHALLENGE: Ttl = Ttl::from_secs(1);
const TTL_ZONE: Ttl = Ttl::from_secs(3600);
const CHALLENGE_LABEL: &[u8] = b"_acme-challenge";

type Owned = Name<Vec<u8>>;
type Target = StaticCompressor<Vec<u8>>;

/// What the answer travels by: over UDP it has to be short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// At most 512 bytes, or what the asker says, at most 1232; else it is told to ask over TCP.
    Udp,
    /// No limit but that of DNS.
    Tcp,
}

/// Names for which this responder is the authority.
#[derive(Debug)]
pub struct Zone {
    apex: Owned,
    address: Ipv4Addr,
    kind: ZoneKind,
}

#[derive(Debug)]
enum ZoneKind {
    /// The apex is the one name with an address.
    Own,
    /// Every label directly below the apex has an address, and may have challenges.
    League { nameserver: Owned, challenges: Challenges },
}

/// Why a name makes no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// No DNS name.
    #[error(
        "{0:?} is no DNS name: labels of 1 to 63 letters, digits and hyphens, at most 253 in all"
    )]
    Name(String),
    /// Not directly below the zone's domain.
    #[error("{0:?} is not directly below the domain of this zone")]
    Outside(String),
    /// A challenge that is not published.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A device's own zone answers no challenges.
    #[error("this zone has no challenges")]
    NoChallenges,
}

/// What a question is about.
enum Found {
    Apex,
    Host,
    Challenge(Vec<String>),
    Nothing,
}

impl Zone {
    /// A device's own name: its address, and nothing else.
    pub fn own(host: &str, address: Ipv4Addr) -> Result<Self, ZoneError> {
        Ok(Self { apex: parse(host)?, address, kind: ZoneKind::Own })
    }

    /// The domain below which devices are named. All have the same address, each on its own network. `nameserver` is the name
    /// under which the parent zone delegates to this responder.
    pub fn league(domain: &str, address: Ipv4Addr, nameserver: &str) -> Result<Self, ZoneError> {
        let kind =
            ZoneKind::League { nameserver: parse(nameserver)?, challenges: Challenges::default() };
        Ok(Self { apex: parse(domain)?, address, kind })
    }

    /// Answers `_acme-challenge.<host>` with this value, besides those that are there.
    pub fn publish(&self, host: &str, value: &str) -> Result<(), ZoneError> {
        let (host, challenges) = self.challenges(host)?;
        Ok(challenges.publish(host, value)?)
    }

    /// Answers with this value no more.
    pub fn withdraw(&self, host: &str, value: &str) -> Result<(), ZoneError> {
        let (host, challenges) = self.challenges(host)?;
        challenges.withdraw(&host, value);
        Ok(())
    }

    /// The answer to a query. `None`: these bytes are not worth one, because they are an answer themselves, or too short to have
    /// a number.
    pub fn answer(&self, query: &[u8], transport: Transport) -> Option<Vec<u8>> {
        let message = Message::from_octets(query).ok()?;
        if message.header().qr() {
            return None;
        }
        if let Err(rcode) = check(&message) {
            return refuse(&message, rcode);
        }
        let Ok(question) = message.sole_question() else {
            return refuse(&message, Rcode::FORMERR);
        };
        let edns = message.opt().map(|opt| (opt.udp_payload_size(), opt.version()));
        let limit = match (transport, edns) {
            (Transport::Tcp, _) => usize::from(u16::MAX),
            (Transport::Udp, None) => UDP_PLAIN,
            (Transport::Udp, Some((size, _))) => usize::from(size.min(UDP_EDNS)).max(UDP_PLAIN),
        };
        let draft = Draft { zone: self, query: &message, edns: edns.map(|(_, version)| version) };
        let (name, rtype) = (question.qname(), question.qtype());
        match draft.compose(name, rtype, question.qclass(), limit) {
            Ok(answer) => Some(answer),
            Err(_) => draft.truncated(),
        }
    }

    fn challenges(&self, host: &str) -> Result<(Owned, &Challenges), ZoneError> {
        let ZoneKind::League { challenges, .. } = &self.kind else {
            return Err(ZoneError::NoChallenges);
        };
        let name = parse(host)?;
        match name.ends_with(&self.apex) && name.label_count() == self.apex.label_count() + 1 {
            true => Ok((name, challenges)),
            false => Err(ZoneError::Outside(host.to_owned())),
        }
    }

    /// `None`: not in this zone.
    fn find(&self, name: &ParsedName<&[u8]>) -> Option<Found> {
        if !name.ends_with(&self.apex) {
            return None;
        }
        let below = name.label_count() - self.apex.label_count();
        let ZoneKind::League { challenges, .. } = &self.kind else {
            return Some(if below == 0 { Found::Apex } else { Found::Nothing });
        };
        Some(match below {
            0 => Found::Apex,
            // A name that begins with an underscore is no host.
            1 if is_host_label(name.first()) => Found::Host,
            2 if is_challenge(name.first()) => {
                let parent = name.iter_suffixes().nth(1).map(|parent| parent.to_vec());
                match parent.map(|parent| challenges.of(&parent)).filter(|it| !it.is_empty()) {
                    Some(values) => Found::Challenge(values),
                    None => Found::Nothing,
                }
            }
            _ => Found::Nothing,
        })
    }
}

/// An answer under construction.
struct Draft<'a> {
    zone: &'a Zone,
    query: &'a Message<&'a [u8]>,
    /// The version of EDNS, if the asker speaks it.
    edns: Option<u8>,
}

impl Draft<'_> {
    fn compose(
        &self,
        name: &ParsedName<&[u8]>,
        rtype: Rtype,
        class: Class,
        limit: usize,
    ) -> Result<Vec<u8>, PushError> {
        let found = match (self.edns, class) {
            // RFC 6891 section 6.1.3.
            (Some(1..), _) => {
                return self
                    .finish(self.begin(Rcode::NOERROR, limit)?.additional(), OptRcode::BADVERS);
            }
            (None | Some(0), Class::IN | Class::ANY) => self.zone.find(name),
            (None | Some(0), _) => None,
        };
        let rcode = match &found {
            None => Rcode::REFUSED,
            Some(Found::Nothing) => Rcode::NXDOMAIN,
            Some(Found::Apex | Found::Host | Found::Challenge(_)) => Rcode::NOERROR,
        };
        let mut answer = self.begin(rcode, limit)?;
        let Some(found) = found else { return self.finish(answer.additional(), OptRcode::REFUSED) };
        answer.header_mut().set_aa(true);
        let is_answered = self.fill(&mut answer, name, rtype, &found)?;
        let mut authority = answer.authority();
        if !is_answered {
            // So that resolvers know how long to remember it (RFC 2308).
            authority.push((&self.zone.apex, Class::IN, TTL_CHALLENGE, self.zone.soa()))?;
        }
        self.finish(authority.additional(), OptRcode::from_rcode(rcode))
    }

    /// Pushes what there is of this type; `false`: nothing.
    fn fill(
        &self,
        answer: &mut AnswerBuilder<Target>,
        name: &ParsedName<&[u8]>,
        rtype: Rtype,
        found: &Found,
    ) -> Result<bool, PushError> {
        let wants = |kind: Rtype| rtype == kind || rtype == Rtype::ANY;
        let (zone, before) = (self.zone, answer.counts().ancount());
        match (found, &zone.kind) {
            (Found::Apex, ZoneKind::Own) | (Found::Host, _) => {
                if wants(Rtype::A) {
                    answer.push((name, Class::IN, TTL_ADDRESS, A::new(zone.address)))?;
                }
            }
            (Found::Apex, ZoneKind::League { nameserver, .. }) => {
                if wants(Rtype::NS) {
                    answer.push((name, Class::IN, TTL_ZONE, Ns::new(nameserver)))?;
                }
                if wants(Rtype::SOA) {
                    answer.push((name, Class::IN, TTL_ZONE, zone.soa()))?;
                }
            }
            (Found::Challenge(values), _) => {
                if wants(Rtype::TXT) {
                    for value in values {
                        let text = Txt::<Vec<u8>>::build_from_slice(value.as_bytes());
                        let Ok(text) = text else { continue };
                        answer.push((name, Class::IN, TTL_CHALLENGE, text))?;
                    }
                }
            }
            (Found::Nothing, _) => {}
        }
        Ok(answer.counts().ancount() > before)
    }

    fn begin(&self, rcode: Rcode, limit: usize) -> Result<AnswerBuilder<Target>, PushError> {
        let mut builder = MessageBuilder::from_target(StaticCompressor::new(Vec::new()))
            .map_err(|_| PushError::ShortBuf)?;
        builder.set_push_limit(limit);
        builder.start_answer(self.query, rcode)
    }

    fn finish(
        &self,
        mut additional: AdditionalBuilder<Target>,
        rcode: OptRcode,
    ) -> Result<Vec<u8>, PushError> {
        if self.edns.is_some() {
            additional.opt(|opt| {
                opt.set_udp_payload_size(UDP_EDNS);
                opt.set_rcode(rcode);
                Ok(())
            })?;
        }
        Ok(additional.finish().into_target())
    }

    /// Too long for UDP: ask again over TCP.
    fn truncated(&self) -> Option<Vec<u8>> {
        let mut answer = self.begin(Rcode::NOERROR, UDP_PLAIN).ok()?;
        answer.header_mut().set_tc(true);
        Some(answer.finish().into_target())
    }
}

impl Zone {
    fn soa(&self) -> Soa<&Owned> {
        let mname = match &self.kind {
            ZoneKind::Own => &self.apex,
            ZoneKind::League { nameserver, .. } => nameserver,
        };
        let hour = TTL_ZONE;
        // Nobody transfers this zone: the serial says nothing.
        Soa::new(mname, &self.apex, Serial(1), hour, hour, Ttl::from_secs(86_400), TTL_CHALLENGE)
    }
}

/// A query with one question and nothing else but EDNS; checked before anything of it is read.
fn check(message: &Message<&[u8]>) -> Result<(), Rcode> {
    let counts = message.header_counts();
    if message.as_slice().len() > QUERY_MAX {
        return Err(Rcode::FORMERR);
    }
    if message.header().opcode() != Opcode::QUERY {
        return Err(Rcode::NOTIMP);
    }
    let has_records = counts.ancount() > 0 || counts.nscount() > 0 || counts.arcount() > 1;
    match counts.qdcount() == 1 && !has_records {
        true => Ok(()),
        false => Err(Rcode::FORMERR),
    }
}

/// A header alone, for what cannot be read.
fn refuse(query: &Message<&[u8]>, rcode: Rcode) -> Option<Vec<u8>> {
    let mut builder = MessageBuilder::from_target(Vec::with_capacity(12)).ok()?;
    let header = builder.header_mut();
    header.set_id(query.header().id());
    header.set_qr(true);
    header.set_opcode(query.header().opcode());
    header.set_rd(query.header().rd());
    header.set_rcode(rcode);
    Some(builder.finish())
}

fn is_host_label(label: &Label) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let bytes = label.as_slice();
    !bytes.is_empty() && bytes.iter().all(inner) && bytes[0] != b'-'
}

fn is_challenge(label: &Label) -> bool {
    label.as_slice().eq_ignore_ascii_case(CHALLENGE_LABEL)
}

/// A host name as people write it, with or without the dot at the end.
fn parse(text: &str) -> Result<Owned, ZoneError> {
    let wrong = || ZoneError::Name(text.to_owned());
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() || text.len() > 253 {
        return Err(wrong());
    }
    let is_plain = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !text.split('.').all(is_plain) {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

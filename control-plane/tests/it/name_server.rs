//! A name server on loopback, which says what a test tells it.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, AAAA, TXT};
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use tokio::net::UdpSocket;

type Zone = Arc<Mutex<HashMap<String, Vec<Data>>>>;

/// What is under a name.
#[derive(Clone)]
pub enum Data {
    Text(String),
    Address(IpAddr),
    /// Another address for each question: the next of these, then the last one.
    Rebinding(Vec<IpAddr>),
}

pub struct NameServer {
    pub address: SocketAddr,
    zone: Zone,
}

impl NameServer {
    pub async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = Zone::default();
        tokio::spawn(serve(socket, zone.clone()));
        Self { address, zone }
    }

    /// As `LINKPULSE_DNS_SERVER`.
    pub fn setting(&self) -> (&'static str, String) {
        ("LINKPULSE_DNS_SERVER", self.address.to_string())
    }

    pub fn put(&self, name: &str, data: Vec<Data>) {
        self.zone.lock().unwrap().insert(format!("{name}."), data);
    }
}

async fn serve(socket: UdpSocket, zone: Zone) {
    let mut buffer = [0; 4096];
    loop {
        let (length, client) = socket.recv_from(&mut buffer).await.unwrap();
        let answer = answer(&Message::from_vec(&buffer[..length]).unwrap(), &zone);
        socket
            .send_to(&answer.to_vec().unwrap(), client)
            .await
            .unwrap();
    }
}

fn answer(question: &Message, zone: &Zone) -> Message {
    let query = question.queries[0].clone();
    let (name, kind) = (query.name().clone(), query.query_type());
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    let mut zone = zone.lock().unwrap();
    let data = zone.get_mut(&name.to_string().to_lowercase());
    if data.is_none() {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    for data in data.into_iter().flatten() {
        if let Some(data) = record(data, kind) {
            answer.add_answer(Record::from_rdata(name.clone(), 60, data));
        }
    }
    answer.add_query(query);
    answer
}

fn record(data: &mut Data, kind: RecordType) -> Option<RData> {
    match (data, kind) {
        (Data::Text(text), RecordType::TXT) => {
            // In two pieces, as long ones are.
            let (one, other) = text.split_at(text.len() / 2);
            Some(RData::TXT(TXT::new(vec![one.into(), other.into()])))
        }
        (Data::Address(address), kind) => of_kind(*address, kind),
        (Data::Rebinding(addresses), kind) => {
            let data = of_kind(addresses[0], kind)?;
            if addresses.len() > 1 {
                addresses.remove(0);
            }
            Some(data)
        }
        _ => None,
    }
}

fn of_kind(address: IpAddr, kind: RecordType) -> Option<RData> {
    match (address, kind) {
        (IpAddr::V4(address), RecordType::A) => Some(RData::A(A(address))),
        (IpAddr::V6(address), RecordType::AAAA) => Some(RData::AAAA(AAAA(address))),
        _ => None,
    }
}

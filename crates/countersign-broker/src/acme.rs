//! One order, from the account to the chain.

use crate::config::BrokerConfig;
use crate::csr::CheckedCsr;
use crate::http::{AcmeClient, CaError, RetryAfter, Unreachable, trust};
use crate::issued::Issued;
use crate::publish::Publish;
use crate::queue::Failure;
use crate::shelf::{Kept, Shelf};
use countersign::Timestamp;
use countersign_keys::disk::DiskError;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rustls::ClientConfig;
use std::time::Duration;
use zeroize::Zeroizing;

/// Time for one order; after that it has failed.
const ORDER: Duration = Duration::from_secs(180);
/// How long, and how often, an authority is asked whether it has looked.
const POLL: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(200))
    .backoff(1.5)
    .timeout(Duration::from_secs(120));
/// Pause after the authority said that there were too many orders, where it does not say how long.
const RATE_LIMITED: Duration = Duration::from_secs(3600);

/// An authority and our account there.
pub(crate) struct Acme {
    directory: String,
    contact: String,
    profile: Option<String>,
    tls: ClientConfig,
    shelf: Shelf,
    retry_after: RetryAfter,
    account: Option<Account>,
}

/// What went wrong, before it is judged.
enum Wrong {
    Acme(Error),
    Disk(DiskError),
    Said(String),
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Acme(error)
    }
}

impl From<DiskError> for Wrong {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl Acme {
    /// Nothing is connected yet: an authority that is away must not keep the server from starting.
    pub(crate) fn new(config: &BrokerConfig, shelf: Shelf) -> Result<Self, CaError> {
        Ok(Self {
            directory: config.directory.clone(),
            contact: config.contact.clone(),
            profile: config.profile.clone(),
            tls: trust(config.ca_file.as_deref())?,
            shelf,
            retry_after: RetryAfter::default(),
            account: None,
        })
    }

    /// Carries an order out. `before` is the chain that it replaces.
    pub(crate) async fn order(
        &mut self,
        csr: &CheckedCsr,
        before: Option<&Kept>,
        publish: &dyn Publish,
        now: Timestamp,
    ) -> Result<Kept, Failure> {
        self.retry_after.take();
        let mut published = Vec::new();
        let carried_out = self.carry_out(csr, before, publish, &mut published, now);
        let outcome = match tokio::time::timeout(ORDER, carried_out).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Wrong::Said(format!("no certificate within {} s", ORDER.as_secs()))),
        };
        for value in published {
            if let Err(why) = publish.withdraw(&csr.host, &value, now).await {
                tracing::warn!(host = csr.host, why, "a challenge could not be withdrawn");
            }
        }
        outcome.map_err(|wrong| self.judge(wrong))
    }

    async fn carry_out(
        &mut self,
        csr: &CheckedCsr,
        before: Option<&Kept>,
        publish: &dyn Publish,
        published: &mut Vec<String>,
        now: Timestamp,
    ) -> Result<Kept, Wrong> {
        let account = self.account().await?;
        let names = [Identifier::Dns(csr.host.clone())];
        let mut request = NewOrder::new(&names);
        if let Some(profile) = &self.profile {
            request = request.profile(profile);
        }
        if let Some(id) =
            before.filter(|kept| kept.is_advised).and_then(|kept| kept.issued.renewal_id())
        {
            request = request.replaces(id);
        }
        let mut order = account.new_order(&request).await?;
        prove(&mut order, &csr.host, publish, published, now).await?;
        order.finalize_csr(&csr.der).await?;
        let chain = order.poll_certificate(&POLL).await?;
        let issued = Issued::read(chain, &csr.host, csr.spki);
        let issued = issued.map_err(|error| Wrong::Said(error.to_string()))?;
        let (renew_at, is_advised) = renewal(&account, &issued).await;
        Ok(Kept { issued, renew_at, is_advised })
    }

    /// The account, from memory, from disk, or a new one.
    async fn account(&mut self) -> Result<Account, Wrong> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let client = AcmeClient::new(self.tls.clone(), self.retry_after.clone());
        let builder = Account::builder_with_http(Box::new(client));
        let known = self.shelf.account(&self.directory)?;
        let known = known.and_then(|json| serde_json::from_slice::<AccountCredentials>(&json).ok());
        let account = match known {
            Some(credentials) => builder.from_credentials(credentials).await?,
            None => {
                let new = NewAccount {
                    contact: &[&self.contact],
                    // The configuration is refused where the operator has not agreed.
                    terms_of_service_agreed: true,
                    only_return_existing: false,
                };
                let (account, credentials) =
                    builder.create(&new, self.directory.clone(), None).await?;
                let json = serde_json::to_vec(&credentials).map_err(Error::from)?;
                self.shelf.put_account(&self.directory, &Zeroizing::new(json))?;
                account
            }
        };
        Ok(self.account.insert(account).clone())
    }

    /// From what went wrong to what it means.
    fn judge(&mut self, wrong: Wrong) -> Failure {
        let said = self.retry_after.take();
        let of = |why: String, retry_after: Option<Duration>, concerns_all: bool| Failure {
            why,
            retry_after: said.or(retry_after),
            concerns_all,
        };
        match wrong {
            Wrong::Said(why) => of(why, None, false),
            Wrong::Disk(error) => of(error.to_string(), None, true),
            Wrong::Acme(Error::Api(problem)) => {
                let kind = problem.r#type.as_deref().unwrap_or_default();
                let is_limit = kind.ends_with(":rateLimited");
                if kind.ends_with(":accountDoesNotExist") {
                    // Whoever runs the authority has forgotten us: the next order makes a new account.
                    self.forget_account();
                }
                let concerns_all = problem.status.is_some_and(|status| status >= 500);
                of(problem.to_string(), is_limit.then_some(RATE_LIMITED), concerns_all)
            }
            Wrong::Acme(Error::Other(error)) if error.is::<Unreachable>() => {
                of(format!("the ACME server was not reached: {error}"), None, true)
            }
            Wrong::Acme(error) => of(error.to_string(), None, false),
        }
    }

    fn forget_account(&mut self) {
        self.account = None;
        // What cannot be read as an account is replaced.
        if let Err(error) = self.shelf.put_account(&self.directory, b"{}") {
            tracing::error!(%error, "the ACME account could not be forgotten");
        }
    }
}

/// Shows the authority that the name is ours.
async fn prove(
    order: &mut Order,
    host: &str,
    publish: &dyn Publish,
    published: &mut Vec<String>,
    now: Timestamp,
) -> Result<(), Wrong> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Invalid
            | AuthorizationStatus::Revoked
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Deactivated => {
                return Err(Wrong::Said("the authority does not let us prove the name".into()));
            }
        }
        let mut challenge = authorization
            .challenge(ChallengeType::Dns01)
            .ok_or_else(|| Wrong::Said("the authority does not offer dns-01".into()))?;
        let value = challenge.key_authorization().dns_value();
        publish.publish(host, &value, now).await.map_err(Wrong::Said)?;
        published.push(value);
        challenge.set_ready().await?;
    }
    match order.poll_ready(&POLL).await? {
        OrderStatus::Ready => Ok(()),
        OrderStatus::Invalid
        | OrderStatus::Pending
        | OrderStatus::Processing
        | OrderStatus::Valid => Err(Wrong::Said(refusal(order).await)),
    }
}

/// Why the authority did not believe it, in its own words.
async fn refusal(order: &mut Order) -> String {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let Ok(state) = authorization.refresh().await else { break };
        let mut errors = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        if let Some(error) = errors.next_back() {
            return format!("the authority could not see the challenge: {error}");
        }
    }
    "the authority could not see the challenge".into()
}

/// When to renew: what the authority advises, where it does, or when a third of the life is left.
async fn renewal(account: &Account, issued: &Issued) -> (Timestamp, bool) {
    let by_life = issued.renewal_due();
    let Some(id) = issued.renewal_id() else { return (by_life, false) };
    match account.renewal_info(&id).await {
        Ok((info, _)) => {
            let window = info.suggested_window;
            let moment = |at: i64| Timestamp::from_millis(u64::try_from(at).unwrap_or(0) * 1000);
            let (start, end) =
                (moment(window.start.unix_timestamp()), moment(window.end.unix_timestamp()));
            (within(start, end, issued.spki).min(by_life), true)
        }
        Err(Error::Unsupported(_)) => (by_life, false),
        Err(error) => {
            tracing::warn!(host = issued.host, %error, "the authority did not say when to renew");
            (by_life, false)
        }
    }
}

/// A moment within the window, for each key another one, so that not all renewals come at once (RFC 9773 section 4.2).
fn within(start: Timestamp, end: Timestamp, spki: [u8; 32]) -> Timestamp {
    let span = end.since(start).as_millis();
    let share = u128::from(u16::from_be_bytes([spki[0], spki[1]]));
    let millis = u64::try_from(span * share / u128::from(u16::MAX)).unwrap_or(0);
    start.plus(Duration::from_millis(millis))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewals_are_spread_over_the_advised_window() {
        let (start, end) = (Timestamp::from_millis(1_000), Timestamp::from_millis(66_535));
        let of = |first: u8, second: u8| {
            let mut spki = [7; 32];
            (spki[0], spki[1]) = (first, second);
            within(start, end, spki)
        };
        assert_eq!(of(0, 0), start);
        assert_eq!(of(0xff, 0xff), end);
        assert_eq!(of(1, 0), Timestamp::from_millis(1_256));
        assert_eq!(within(end, start, [0xff; 32]), end);
    }
}

//! `league.profile`, `league.profile_update`: who a player is to others.

use super::{Call, Stop, conflict, parse, rate_limited, view};
use crate::app::Backend;
use crate::league::NameRefused;
use crate::reply::Reply;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use countersign::ResultCode;
use countersign_ranks::Name;
use countersign_store::league::{
    AVATAR_MAX, Avatar, AvatarChange, Player, ProfileChange, ProfileOutcome, Visibility,
};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub(super) async fn show<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        user: Option<String>,
        name: Option<String>,
        #[serde(default)]
        avatar: bool,
    }
    let expected =
        r#"expected {}, {"user":"<hex>"} or {"name":"<text>"}, and "avatar":true for the picture"#;
    let wish: Wish = parse(call.admitted, expected)?;
    let player = match (wish.user, wish.name) {
        (user, None) => call.seen(user.as_deref()).await?,
        (None, Some(name)) => named(call, &name).await?,
        (Some(_), Some(_)) => return Err(Reply::invalid(expected).into()),
    };
    let mut shown = shown(call, &player).await?;
    if wish.avatar {
        let bytes = call.app.store.find_avatar(player.user).await?;
        shown["avatar_base64"] = bytes.map(|it| BASE64_URL_SAFE_NO_PAD.encode(it)).into();
    }
    Ok(Reply::json(&shown))
}

/// What a changed profile may say about the picture.
#[derive(Default)]
enum Picture {
    #[default]
    Keep,
    Remove,
    Set(String),
}

impl<'de> Deserialize<'de> for Picture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Remove, Self::Set))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    name: Option<String>,
    visibility: Option<String>,
    #[serde(default)]
    avatar: Picture,
}

pub(super) async fn update<S: Backend>(call: Call<'_, S>) -> Result<Reply, Stop> {
    let expected = r#"expected {"name":"<text>","visibility":"public","avatar":"<base64url>"}, each optional; "avatar":null removes it"#;
    let wish: Update = parse(call.admitted, expected)?;
    let name = wish.name.as_deref().map(Name::parse).transpose();
    let name = name.map_err(|error| Reply::invalid(&error.to_string()))?;
    let visibility = wish.visibility.as_deref().map(visibility).transpose()?;
    let change = ProfileChange { name: None, visibility, avatar: avatar(wish.avatar)? };
    let player = call.player().await?;
    call.league.quotas.changes.take(player.user, call.app.now()).map_err(rate_limited)?;
    let changed = call.league.change_profile(call.app, player.user, name.as_ref(), change).await?;
    let taken = NameRefused::Taken;
    match changed {
        Ok(ProfileOutcome::Updated(player)) => Ok(Reply::json(&shown(call, &player).await?)),
        Ok(ProfileOutcome::NameTaken) => Ok(conflict(&taken.to_string())),
        Ok(ProfileOutcome::AvatarTooLarge) => Ok(too_large()),
        Ok(ProfileOutcome::NoPlayer) => Ok(Reply::error(ResultCode::NOT_FOUND)),
        Err(refused @ (NameRefused::Taken | NameRefused::Reserved)) => {
            Ok(conflict(&refused.to_string()))
        }
        Err(NameRefused::NoName(error)) => Ok(Reply::invalid(&error.to_string())),
        Err(NameRefused::NotReady(error)) => Err(error.into()),
    }
}

async fn named<S: Backend>(call: Call<'_, S>, name: &str) -> Result<Box<Player>, Stop> {
    let not_found = || Stop::from(Reply::error(ResultCode::NOT_FOUND));
    let name = Name::parse(name).map_err(|error| Reply::invalid(&error.to_string()))?;
    let skeleton = name.letters().as_str().to_owned();
    let found = call.app.store.find_player_by_name(skeleton).await?.ok_or_else(not_found)?;
    match call.may_see(&found).await? {
        true => Ok(Box::new(found)),
        false => Err(not_found()),
    }
}

async fn shown<S: Backend>(call: Call<'_, S>, player: &Player) -> Result<Value, Stop> {
    let rows = call.app.store.season_rows(player.season, vec![player.user]).await?;
    let place = call.league.look(|standings| standings.place(&player.user))?;
    let mut shown = view::profile(player, rows.first(), place, call.app.now());
    if player.user == call.admitted.session.user {
        shown["own"] = view::own(player);
    }
    Ok(shown)
}

fn visibility(text: &str) -> Result<Visibility, Reply> {
    let all = [Visibility::Public, Visibility::Opponents, Visibility::Hidden];
    let known = all.into_iter().find(|it| view::visibility(*it) == text);
    known.ok_or_else(|| Reply::invalid("visibility is public, opponents or hidden"))
}

fn avatar(wish: Picture) -> Result<AvatarChange, Reply> {
    let text = match wish {
        Picture::Keep => return Ok(AvatarChange::Keep),
        Picture::Remove => return Ok(AvatarChange::Remove),
        Picture::Set(text) => text,
    };
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| Reply::invalid("avatar is base64url without padding"))?;
    if bytes.len() > AVATAR_MAX {
        return Err(too_large());
    }
    if !is_picture(&bytes) {
        return Err(Reply::invalid("avatar is a PNG, JPEG or WebP file"));
    }
    let hash = *countersign::payload::hash(&bytes).as_bytes();
    Ok(AvatarChange::Set(Avatar { hash, bytes }))
}

fn too_large() -> Reply {
    Reply::invalid("avatar has at most 65,536 bytes")
}

/// By its first bytes; whoever shows it decodes it with care all the same.
fn is_picture(bytes: &[u8]) -> bool {
    let is_webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(b"\xff\xd8\xff") || is_webp
}

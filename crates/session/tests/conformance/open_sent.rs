//! Every event in OpenSent.

use crate::table::rows;

rows! { OpenSent
    open_sent_manual_start: ManualStart, Plain => [], OpenSent, live;
    open_sent_manual_stop: ManualStop, Plain => [SendNotification, StopConnectRetry, Drop, ZeroRetryCounter], Idle, live;
    open_sent_automatic_start: AutomaticStart, Plain => [], OpenSent, never "an automatic start is only raised in Idle";
    open_sent_manual_start_passive: ManualStartWithPassiveTcpEstablishment, Passive => [], OpenSent, live;
    open_sent_automatic_start_passive: AutomaticStartWithPassiveTcpEstablishment, Plain => [], OpenSent, never "an automatic start is only raised in Idle";
    open_sent_automatic_start_damped: AutomaticStartWithDampPeerOscillations, Plain => [], OpenSent, never "an automatic start is only raised in Idle";
    open_sent_automatic_start_damped_passive: AutomaticStartWithDampPeerOscillationsAndPassiveTcpEstablishment, Plain => [], OpenSent, never "an automatic start is only raised in Idle";
    open_sent_automatic_stop: AutomaticStop, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_connect_retry_timer_expires: ConnectRetryTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_sent_hold_timer_expires: HoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_keepalive_timer_expires: KeepaliveTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_sent_delay_open_timer_expires: DelayOpenTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_sent_idle_hold_timer_expires: IdleHoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_sent_tcp_connection_valid: TcpConnectionValid, Plain => [TrackSecond], OpenSent, never "TrackTcpState is not supported: only connections that are up are told of";
    open_sent_tcp_cr_invalid: TcpCrInvalid, Plain => [Refuse], OpenSent, never "a silent connection gives way to a new one";
    open_sent_tcp_cr_acked: TcpCrAcked, Plain => [TrackSecond], OpenSent, live;
    open_sent_tcp_connection_confirmed: TcpConnectionConfirmed, Plain => [TrackSecond], OpenSent, live;
    open_sent_tcp_connection_fails: TcpConnectionFails, Plain => [Drop, StartConnectRetry], Active, live;
    open_sent_bgp_open: BgpOpen, Plain => [StopConnectRetry, SendKeepalive, StartNegotiatedTimers], OpenConfirm, live;
    open_sent_bgp_open_while_delaying: BgpOpenWithDelayOpenTimerRunning, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "our OPEN is sent, so the DelayOpenTimer has stopped";
    open_sent_bgp_header_err: BgpHeaderErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_bgp_open_msg_err: BgpOpenMsgErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_open_collision_dump: OpenCollisionDump, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_notif_msg_ver_err: NotifMsgVerErr, Plain => [StopConnectRetry, Drop], Idle, live;
    open_sent_notif_msg: NotifMsg, Plain => [StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_keep_alive_msg: KeepAliveMsg, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_update_msg: UpdateMsg, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
    open_sent_update_msg_err: UpdateMsgErr, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "an UPDATE is not read before Established: it is Event 27";
    open_sent_send_hold_timer_expires: SendHoldTimerExpires, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, never "the timer is not armed in this state";
    open_sent_route_refresh_msg: RouteRefreshMsg, Plain => [SendNotification, StopConnectRetry, Drop, CountRetry, Damp], Idle, live;
}
